/** A Map that an application uses as a cache: what was set first goes first. */
import { isMap } from 'node:util/types';

import { NOTHING_COUNTED, type CacheEntry } from '../../agent/model/cache.ts';
import type { Adapter } from './adapter.ts';

const NO_LIMIT = { entries: undefined, bytes: undefined } as const;

export const mapAdapter: Adapter = {
  library: 'Map',
  // of another realm (vm, Jest) too
  recognizes: isMap,
  adapt(cache) {
    const map = cache as Map<unknown, unknown>;
    return {
      store: map,
      contract: {
        library: 'Map',
        entries: () => map.size,
        limit: () => NO_LIMIT,
        ownBytes: () => undefined,
        sample: (count) => firstEntries(map, count),
        evict() {
          const [entry] = firstEntries(map, 1);
          if (entry !== undefined) map.delete(entry.key);
          return entry;
        },
        counts: () => NOTHING_COUNTED,
      },
    };
  },
};

export function firstEntries(entries: Iterable<readonly [unknown, unknown]>, count: number): readonly CacheEntry[] {
  const found: CacheEntry[] = [];
  for (const [key, value] of entries) {
    if (found.length >= count) break;
    found.push({ key, value });
  }
  return found;
}
