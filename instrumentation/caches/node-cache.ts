/** `node-cache` 5: what was set first goes first. */
import { NOTHING_COUNTED, type CacheEntry } from '../../agent/model/cache.ts';
import { has, maximum, objectIn, type Adapter } from './adapter.ts';
import { createExpiredKeys } from './expired.ts';

interface Item {
  /** When it is over, ms since the epoch; 0: never. */
  readonly t: number;
  readonly v: unknown;
}

interface NodeCache {
  readonly data: Readonly<Record<string, Item | undefined>>;
  readonly options: { readonly maxKeys?: number };
  getStats(): { readonly hits: number; readonly misses: number; readonly keys: number };
  del(key: string): number;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

/** Getting the keys of the object it keeps its entries in costs as much for one as for all. */
const KEYS_AT_ONCE = 1000;
const KEYS_ARE_OLD_MS = 10_000;

export const nodeCacheAdapter: Adapter = {
  library: 'node-cache',
  recognizes: (cache) =>
    has(cache, 'getStats', 'flushAll', 'getTtl', 'on', 'get', 'set', 'del') && objectIn(cache, 'data') !== undefined,
  adapt(object, { monotonicMs, wallMs, mayCount }) {
    const cache = object as unknown as NodeCache;
    const keys = createKeys(cache, monotonicMs);
    const nextExpired = createExpiredKeys(monotonicMs, (limit) =>
      keys.ahead(limit).filter((key) => isExpired(cache.data[key], wallMs())),
    );
    const events = mayCount ? countEvents(cache) : undefined;

    function remove(key: string, item: Item): CacheEntry {
      events?.ours(() => cache.del(key));
      if (events === undefined) cache.del(key);
      keys.gone();
      return { key, value: item.v };
    }

    function evict(): CacheEntry | undefined {
      for (let key = nextExpired(); key !== undefined; key = nextExpired()) {
        const item = cache.data[key];
        if (item !== undefined && isExpired(item, wallMs())) return remove(key, item);
      }
      for (let key = keys.next(); key !== undefined; key = keys.next()) {
        const item = cache.data[key];
        if (item !== undefined) return remove(key, item);
      }
      return undefined;
    }

    return {
      store: cache,
      contract: {
        library: 'node-cache',
        entries: keys.count,
        limit: () => ({ entries: maximum(cache.options.maxKeys), bytes: undefined }),
        ownBytes: () => undefined,
        sample: (count) =>
          keys.ahead(count).flatMap((key) => {
            const item = cache.data[key];
            return item === undefined ? [] : [{ key, value: item.v }];
          }),
        evict,
        counts() {
          const { hits, misses } = cache.getStats();
          // a full one refuses what is new
          const evictions = { ...NOTHING_COUNTED.evictions, capacity: 0, ...events?.counts };
          return { ...NOTHING_COUNTED, hit: hits, miss: misses, evictions };
        },
      },
      restore: () => events?.stop(),
    };
  },
};

function isExpired(item: Item | undefined, nowMs: number): boolean {
  return item !== undefined && item.t !== 0 && item.t < nowMs;
}

/** Keys in the order of the entries, some at once; and how many there are, which the library's statistics forget when they are flushed. */
function createKeys(cache: NodeCache, monotonicMs: () => number) {
  let keys: readonly string[] = [];
  let next = 0;
  let readMs = -Infinity;
  let stats: object | undefined;
  let unaccounted = 0;

  /** Flushed statistics are a new object, and begin with no keys. */
  function count(): number {
    const now = cache.getStats();
    if (now !== stats) {
      stats = now;
      unaccounted = Object.keys(cache.data).length - now.keys;
    }
    return now.keys + unaccounted;
  }

  function read(): void {
    const all = Object.keys(cache.data);
    keys = all.slice(0, KEYS_AT_ONCE);
    next = 0;
    readMs = monotonicMs();
  }

  function readWhenOld(): void {
    const hasMore = next < keys.length || count() === 0;
    if (!hasMore || monotonicMs() - readMs >= KEYS_ARE_OLD_MS) read();
  }

  return {
    count,
    ahead(wanted: number): readonly string[] {
      readWhenOld();
      return keys.slice(next, next + wanted);
    },
    next(): string | undefined {
      readWhenOld();
      return keys[next++];
    },
    /** Keys of what is no longer there are not kept. */
    gone(): void {
      if (next >= keys.length) keys = [];
    },
  };
}

function countEvents(cache: NodeCache) {
  const counts = { ttl: 0, manual: 0 };
  let isOurs = false;
  const onDelete = (): void => {
    if (!isOurs) counts.manual++;
  };
  // of an entry that is over it first says that it was deleted
  const onExpired = (): void => {
    counts.ttl++;
    counts.manual = Math.max(0, counts.manual - 1);
  };
  cache.on('del', onDelete);
  cache.on('expired', onExpired);
  return {
    counts,
    ours(remove: () => void): void {
      isOurs = true;
      try {
        remove();
      } finally {
        isOurs = false;
      }
    },
    stop(): void {
      cache.off('del', onDelete);
      cache.off('expired', onExpired);
    },
  };
}
