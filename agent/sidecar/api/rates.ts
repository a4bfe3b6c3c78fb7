/** How often an address may ask: a bucket of tokens for each, of a bounded number of addresses. */

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Rates {
  /** Takes one: 0, or how many seconds it would have to wait. */
  take(address: string): number;
}

/** More than this are addresses that somebody makes up; the longest unseen are forgotten. */
const MOST_ADDRESSES = 1024;

export function createRates({ perSecond, burst }: Rate, monotonicMs: () => number): Rates {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take(address) {
      const key = networkOf(address);
      const nowMs = monotonicMs();
      const bucket = buckets.get(key) ?? { left: burst, atMs: nowMs };
      buckets.delete(key); // to the end: the first is the longest unseen
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > MOST_ADDRESSES && oldest !== undefined) buckets.delete(oldest);
      bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * perSecond);
      bucket.atMs = nowMs;
      if (bucket.left < 1) return (1 - bucket.left) / perSecond;
      bucket.left -= 1;
      return 0;
    },
  };
}

/** Whoever has an IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/, '');
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain;
}
