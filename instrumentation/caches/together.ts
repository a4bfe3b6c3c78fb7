/** Several caches told as one. */
import type { CacheStatus } from '../../agent/model/cache.ts';
import { OTHER } from './names.ts';

export function together(statuses: readonly CacheStatus[]): CacheStatus {
  const sum = (read: (status: CacheStatus) => number): number => {
    const known = statuses.map(read).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : known.reduce((total, value) => total + value, 0);
  };
  const isSame = (read: (status: CacheStatus) => unknown): boolean => new Set(statuses.map(read)).size === 1;
  const [first] = statuses;
  return {
    name: OTHER,
    library: first !== undefined && isSame(({ library }) => library) ? first.library : OTHER,
    priority: first !== undefined && isSame(({ priority }) => priority) ? first.priority : 'normal',
    isDiscovered: statuses.every(({ isDiscovered }) => isDiscovered),
    entries: sum(({ entries }) => entries),
    bytes: sum(({ bytes }) => bytes),
    sizeSource: first !== undefined && isSame(({ sizeSource }) => sizeSource) ? first.sizeSource : 'sampled',
    limit: { entries: undefined, bytes: undefined },
    capEntries: undefined,
    counts: {
      hit: sum(({ counts }) => counts.hit),
      miss: sum(({ counts }) => counts.miss),
      expired: sum(({ counts }) => counts.expired),
      evictions: {
        capacity: sum(({ counts }) => counts.evictions.capacity),
        ttl: sum(({ counts }) => counts.evictions.ttl),
        pressure: sum(({ counts }) => counts.evictions.pressure),
        manual: sum(({ counts }) => counts.evictions.manual),
      },
    },
  };
}
