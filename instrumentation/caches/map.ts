/** A Map that an application uses as a cache: what was set first goes first. */
import { isMap } from 'node:util/types';

import type { CacheEntry } from '../../agent/model/cache.ts';
import type { Adapted, Adapter, AdapterParts } from './adapter.ts';
import { countUses } from './counting.ts';
import { createExpiredKeys } from './expired.ts';

const NO_LIMIT = { entries: undefined, bytes: undefined } as const;

export const mapAdapter: Adapter = {
  library: 'Map',
  // of another realm (vm, Jest) too
  recognizes: isMap,
  // a function before its `get` would cost a sixth of it
  adapt: (cache, parts) => adaptMap(cache as Map<unknown, unknown>, { ...parts, mayCount: false }),
};

/** `expiryOf`: when an entry is over, ms since the epoch; NaN: never. */
export function adaptMap(
  map: Map<unknown, unknown>,
  { monotonicMs, wallMs, mayCount }: AdapterParts,
  expiryOf?: (value: unknown) => number,
): Adapted {
  const { counts, restore } = countUses(map, mayCount);
  const nextExpired = createExpiredKeys(monotonicMs, (limit) => {
    if (expiryOf === undefined) return [];
    const nowMs = wallMs();
    return firstEntries(map, limit)
      .filter(({ value }) => expiryOf(value) < nowMs)
      .map(({ key }) => key);
  });

  function remove(entry: CacheEntry | undefined): CacheEntry | undefined {
    if (entry !== undefined) map.delete(entry.key);
    return entry;
  }

  function evict(): CacheEntry | undefined {
    for (let key = nextExpired(); key !== undefined; key = nextExpired()) {
      // it may have been set anew since
      const value = map.has(key) ? Map.prototype.get.call(map, key) : undefined;
      if (expiryOf !== undefined && expiryOf(value) < wallMs()) return remove({ key, value });
    }
    return remove(firstEntries(map, 1)[0]);
  }

  return {
    store: map,
    contract: {
      library: 'Map',
      entries: () => map.size,
      limit: () => NO_LIMIT,
      ownBytes: () => undefined,
      sample: (count) => firstEntries(map, count),
      evict,
      counts,
    },
    restore,
  };
}

export function firstEntries(entries: Iterable<readonly [unknown, unknown]>, count: number): readonly CacheEntry[] {
  const found: CacheEntry[] = [];
  for (const [key, value] of entries) {
    if (found.length >= count) break;
    found.push({ key, value });
  }
  return found;
}
