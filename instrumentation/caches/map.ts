/** A Map that an application uses as a cache: what was set first goes first. */
import { isMap } from 'node:util/types';

import type { CacheEntry } from '../../agent/model/cache.ts';
import type { Adapted, Adapter, AdapterParts } from './adapter.ts';
import { countUses } from './counting.ts';
import { createExpiredKeys } from './expired.ts';
import { createKeysAhead } from './keys-ahead.ts';

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

  const nextKey = createKeysAhead(monotonicMs, (count) => firstEntries(map, count).map(({ key }) => key));
  // past a function that counts, ours or the application's
  const valueOf = (key: unknown): unknown => Map.prototype.get.call(map, key);

  function remove(key: unknown): CacheEntry {
    const value = valueOf(key);
    map.delete(key);
    return { key, value };
  }

  function evict(): CacheEntry | undefined {
    for (let key = nextExpired(); key !== undefined; key = nextExpired()) {
      // it may have been set anew since
      if (expiryOf !== undefined && map.has(key) && expiryOf(valueOf(key)) < wallMs()) return remove(key);
    }
    while (map.size > 0) {
      const key = nextKey();
      if (map.has(key)) return remove(key);
    }
    return undefined;
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
