/** Several caches told as one. */
import type { CacheStatus } from '../../agent/model/cache.ts';
import { OTHER } from './names.ts';

export function together(statuses: readonly CacheStatus[]): CacheStatus {
  const [first] = statuses;
  const isSame = (read: (status: CacheStatus) => unknown): boolean =>
    statuses.every((status) => first !== undefined && read(status) === read(first));
  const total = {
    entries: 0,
    bytes: 0,
    hit: Number.NaN,
    miss: Number.NaN,
    expired: Number.NaN,
    capacity: Number.NaN,
    ttl: Number.NaN,
    pressure: Number.NaN,
    manual: Number.NaN,
  };
  for (const { entries, bytes, counts } of statuses) {
    const { hit, miss, expired, evictions } = counts;
    total.entries += entries;
    total.bytes += bytes;
    total.hit = sum(total.hit, hit);
    total.miss = sum(total.miss, miss);
    total.expired = sum(total.expired, expired);
    total.capacity = sum(total.capacity, evictions.capacity);
    total.ttl = sum(total.ttl, evictions.ttl);
    total.pressure = sum(total.pressure, evictions.pressure);
    total.manual = sum(total.manual, evictions.manual);
  }
  const { entries, bytes, hit, miss, expired, capacity, ttl, pressure, manual } = total;
  return {
    name: OTHER,
    library: first !== undefined && isSame(({ library }) => library) ? first.library : OTHER,
    priority: first !== undefined && isSame(({ priority }) => priority) ? first.priority : 'normal',
    isDiscovered: statuses.every(({ isDiscovered }) => isDiscovered),
    entries,
    bytes,
    sizeSource: first !== undefined && isSame(({ sizeSource }) => sizeSource) ? first.sizeSource : 'sampled',
    limit: { entries: undefined, bytes: undefined },
    capEntries: undefined,
    counts: { hit, miss, expired, evictions: { capacity, ttl, pressure, manual } },
  };
}

/** What is not known of some is left out; NaN when it is known of none. */
function sum(total: number, count: number): number {
  if (Number.isNaN(count)) return total;
  return Number.isNaN(total) ? count : total + count;
}
