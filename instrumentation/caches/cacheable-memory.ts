/**
 * `CacheableMemory` of `cacheable` and `@cacheable/memory`: by its list of use when it has a maximum, else what was set
 * first in each of its parts.
 */
import { NOTHING_COUNTED, type CacheEntry } from '../../agent/model/cache.ts';
import { has, maximum, type Adapter } from './adapter.ts';
import { countUses } from './counting.ts';
import { createExpiredKeys } from './expired.ts';
import { createKeysAhead } from './keys-ahead.ts';

interface Item {
  readonly key: string;
  readonly value: unknown;
  /** ms since the epoch. */
  readonly expires?: number;
}

interface CacheableMemory {
  readonly size: number;
  readonly lruSize: number;
  /** Its parts, by the hash of the key. */
  readonly store: readonly Map<string, Item>[];
  readonly stats: { readonly enabled: boolean; readonly hits: number; readonly misses: number };
  readonly _lru?: { getOldest?(): unknown };
  getStore(key: string): Map<string, Item>;
  delete(key: string): void;
}

export const cacheableMemoryAdapter: Adapter = {
  library: '@cacheable/memory',
  recognizes: (cache) =>
    has(cache, 'get', 'set', 'delete', 'getStore', 'checkExpiration') &&
    typeof Reflect.get(cache, 'lruSize') === 'number' &&
    Array.isArray(Reflect.get(cache, 'store')),
  adapt(object, { monotonicMs, wallMs, mayCount }) {
    const cache = object as unknown as CacheableMemory;
    const counted = countUses(cache, mayCount && !cache.stats.enabled);
    const nextExpired = createExpiredKeys(monotonicMs, (limit) => {
      const nowMs = wallMs();
      return spread(cache, limit)
        .filter(({ expires }) => isOver(expires, nowMs))
        .map(({ key }) => key);
    });
    const nextKey = createKeysAhead(monotonicMs, (count) => spread(cache, count).map(({ key }) => key));

    function remove(item: Item): CacheEntry {
      cache.delete(item.key);
      return { key: item.key, value: item.value };
    }

    function oldest(): Item | undefined {
      const key = cache.lruSize > 0 ? cache._lru?.getOldest?.() : undefined;
      return typeof key === 'string' ? cache.getStore(key).get(key) : undefined;
    }

    function evict(): CacheEntry | undefined {
      for (let key = nextExpired(); key !== undefined; key = nextExpired()) {
        const item = cache.getStore(key).get(key);
        if (item !== undefined && isOver(item.expires, wallMs())) return remove(item);
      }
      const item = oldest();
      if (item !== undefined) return remove(item);
      for (let key = nextKey(); key !== undefined; key = nextKey()) {
        const next = cache.getStore(key).get(key);
        if (next !== undefined) return remove(next);
      }
      return undefined;
    }

    return {
      store: cache,
      contract: {
        library: '@cacheable/memory',
        entries: () => cache.size,
        limit: () => ({ entries: maximum(cache.lruSize), bytes: undefined }),
        ownBytes: () => undefined,
        sample: (count) => spread(cache, count).map(({ key, value }) => ({ key, value })),
        evict,
        counts() {
          const { enabled, hits, misses } = cache.stats;
          return enabled ? { ...NOTHING_COUNTED, hit: hits, miss: misses } : counted.counts();
        },
      },
      restore: counted.restore,
    };
  },
};

function isOver(expires: number | undefined, nowMs: number): boolean {
  return expires !== undefined && expires < nowMs;
}

/** At most `count`, of each part the first ones. */
function spread(cache: CacheableMemory, count: number): readonly Item[] {
  const items: Item[] = [];
  const each = Math.ceil(count / cache.store.length);
  for (const part of cache.store) {
    let taken = 0;
    for (const item of part.values()) {
      if (taken++ >= each || items.length >= count) break;
      items.push(item);
    }
  }
  return items;
}
