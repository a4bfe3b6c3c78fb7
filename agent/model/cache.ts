/** A cache as the agent sees it, whatever library made it, and what is known about it. */

/** Which goes first when memory is needed; `never`: seen, and left alone. */
export const PRIORITIES = ['first', 'normal', 'last', 'never'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const CACHE_RESULTS = ['hit', 'miss', 'expired'] as const;
export type CacheResult = (typeof CACHE_RESULTS)[number];

export const EVICTION_REASONS = ['capacity', 'ttl', 'pressure', 'manual'] as const;
export type EvictionReason = (typeof EVICTION_REASONS)[number];

/** Where a size comes from: its owner's `sizeOf`, the cache's own account, or entries looked at. */
export const SIZE_SOURCES = ['sizeOf', 'own', 'sampled'] as const;
export type SizeSource = (typeof SIZE_SOURCES)[number];

/** Its owner's maximum; what is not limited is undefined. */
export interface CacheLimit {
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
}

/** Cumulative; NaN: not known. */
export type CacheCounts = Readonly<Record<CacheResult, number>> & {
  readonly evictions: Readonly<Record<EvictionReason, number>>;
};

export interface CacheEntry {
  readonly key: unknown;
  readonly value: unknown;
}

/**
 * What an adapter makes of a library's cache, and what an application may bring itself. All of it is synchronous and cheap: what it holds
 * is in this process. Anything may throw; whoever calls it is prepared.
 */
export interface CacheContract {
  /** As the library is called on npm; an attribute of the metrics. */
  readonly library: string;
  /** Entries now. */
  entries(): number;
  limit(): CacheLimit;
  /** By the cache's own account, in bytes; undefined: it has none. */
  ownBytes(): number | undefined;
  /** Some entries to look at, the next to be evicted first; not removed, at most `count`. */
  sample(count: number): readonly CacheEntry[];
  /** Removes the entry it can best do without, and answers it; undefined: none is left. */
  evict(): CacheEntry | undefined;
  counts(): CacheCounts;
}

export interface CacheOptions {
  /** Shown in events and metrics. */
  readonly name: string;
  readonly priority?: Priority;
  /** Bytes an entry holds. */
  readonly sizeOf?: (value: unknown, key: unknown) => number;
  /** What it costs to make an entry again, ms. */
  readonly costOf?: (value: unknown, key: unknown) => number;
}

/** What is known of a cache at this moment. */
export interface CacheStatus {
  readonly name: string;
  readonly library: string;
  readonly priority: Priority;
  /** Found by itself; the application did not register it. */
  readonly isDiscovered: boolean;
  readonly entries: number;
  readonly bytes: number;
  readonly sizeSource: SizeSource;
  readonly limit: CacheLimit;
  /** It may not hold more than this until the pressure is over; undefined: only its owner's maximum counts. */
  readonly capEntries: number | undefined;
  readonly counts: CacheCounts;
}

/** What one call of an eviction took. */
export interface Evicted {
  readonly entries: number;
  /** Estimated as `CacheStatus.sizeSource` says. */
  readonly bytes: number;
}

/** A cache that was emptied by hand. */
export interface ClearedCache extends Evicted {
  readonly name: string;
}

/** A cache that is followed: what the reclaimer works with. It never throws, whatever the cache does. */
export interface FollowedCache {
  readonly name: string;
  readonly priority: Priority;
  status(): CacheStatus;
  /** Mean cost of making an entry again, ms; 1 where it is not known. */
  costMs(): number;
  /** Hits a second over the last minute; NaN: not known. */
  hitsPerSecond(): number;
  /** Evicts until so many bytes are promised, nothing is left, or `isTimeUp`, which it asks between any two entries: one goes at least. */
  evict(targetBytes: number, isTimeUp: () => boolean): Evicted;
  /** From now on more than so many entries are evicted at each sample; undefined: its owner's maximum alone counts. */
  cap(entries: number | undefined): void;
}

/** A cache, or several together, as the metrics tell of them: what is counted never falls, whatever comes and goes. */
export interface CacheAccount {
  readonly name: string;
  readonly library: string;
  /** Now; NaN: none is left. */
  readonly entries: number;
  readonly bytes: number;
  /** undefined: of several. */
  readonly sizeSource: SizeSource | undefined;
  /** Most entries it may hold now; NaN: not limited by entries. */
  readonly limitEntries: number;
  readonly counts: CacheCounts;
}

/** Bounded, however many caches there are. */
export interface CacheAccounts {
  /** The largest, each under its own name. */
  readonly named: readonly CacheAccount[];
  /** All that was counted while it was not under a name of its own. */
  readonly other: CacheAccount;
  readonly all: CacheAccount;
}

export const NOTHING_COUNTED: CacheCounts = {
  hit: Number.NaN,
  miss: Number.NaN,
  expired: Number.NaN,
  evictions: { capacity: Number.NaN, ttl: Number.NaN, pressure: 0, manual: Number.NaN },
};
