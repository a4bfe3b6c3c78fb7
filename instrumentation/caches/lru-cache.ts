/** `lru-cache` 7 to 11. */
import type { CacheContract, CacheEntry } from '../../agent/model/cache.ts';
import { has, maximum, type Adapter } from './adapter.ts';
import { countUses } from './counting.ts';
import { firstEntries } from './map.ts';
import { createByteCheck } from './own-bytes.ts';

interface LruCache {
  readonly size: number;
  readonly max: number;
  readonly maxSize: number;
  readonly calculatedSize?: number;
  readonly fetchMethod?: unknown;
  pop(): unknown;
  peek(key: unknown, options: { allowStale: boolean }): unknown;
  delete(key: unknown): boolean;
  rkeys(): IterableIterator<unknown>;
  rentries(): IterableIterator<[unknown, unknown]>;
}

/** What version 7 has as properties, and later ones show on request. */
interface Internals {
  readonly keyList: readonly unknown[];
  readonly valList: readonly unknown[];
  readonly ttls?: ArrayLike<number> | undefined;
  readonly next: ArrayLike<number>;
  readonly head: number;
  isStale(index: number): boolean;
  isBackgroundFetch(value: unknown): boolean;
}

/** Looked at for expired entries in one eviction; 2 µs. */
const SLOTS_PER_EVICTION = 500;
/** Between two looks at all slots. */
const PASS_INTERVAL_MS = 1000;

export const lruCacheAdapter: Adapter = {
  library: 'lru-cache',
  recognizes: (cache) =>
    has(cache, 'get', 'set', 'pop', 'peek', 'rkeys', 'rentries', 'purgeStale', 'getRemainingTTL') &&
    typeof Reflect.get(cache, 'size') === 'number',
  adapt(object, { monotonicMs, mayCount }) {
    const cache = object as unknown as LruCache;
    const nextExpired = createExpirySearch(monotonicMs);
    const isInBytes = createByteCheck();
    // where it fetches by itself it is not read by `get`, and would look unused
    const { counts, restore } = countUses(cache, mayCount && typeof cache.fetchMethod !== 'function');

    const sample = (count: number): readonly CacheEntry[] => oldest(cache, count);

    const contract: CacheContract = {
      library: 'lru-cache',
      entries: () => cache.size,
      limit: () => ({ entries: maximum(cache.max), bytes: undefined }),
      ownBytes: () => isInBytes(cache.calculatedSize, cache.size, sample),
      sample,
      evict: () => (cache.size === 0 ? undefined : evictOne(cache, nextExpired)),
      counts,
    };
    return {
      store: cache,
      contract: {
        ...contract,
        limit: () => ({
          ...contract.limit(),
          bytes: contract.ownBytes() === undefined ? undefined : maximum(cache.maxSize),
        }),
      },
      restore,
    };
  },
};

/** What is expired and not yet removed is among them; what is being fetched is not. */
function oldest(cache: LruCache, count: number): readonly CacheEntry[] {
  const internals = internalsOf(cache);
  if (internals === undefined) return firstEntries(cache.rentries(), count);
  const { keyList, valList, next, isBackgroundFetch } = internals;
  const entries: CacheEntry[] = [];
  let index = internals.head;
  for (let looked = Math.min(cache.size, 2 * count); looked > 0 && entries.length < count; looked--) {
    const value = valList[index];
    if (!isBackgroundFetch(value)) entries.push({ key: keyList[index], value });
    index = next[index] ?? index;
  }
  return entries;
}

function evictOne(cache: LruCache, nextExpired: (internals: Internals) => number | undefined): CacheEntry | undefined {
  const internals = internalsOf(cache);
  if (internals !== undefined) {
    const expired = nextExpired(internals);
    if (expired !== undefined) return remove(cache, internals.keyList[expired], internals.valList[expired]);
    const value = internals.valList[internals.head];
    const key = internals.keyList[internals.head];
    // version 7 hands out a slot twice after its last entry was popped
    const mayPop = cache.size > 1 || internals !== (cache as unknown);
    if (mayPop && !internals.isBackgroundFetch(value)) {
      cache.pop();
      return { key, value };
    }
  }
  // what is being fetched is not among the keys: somebody waits for it, and taking it would fail that
  const { done, value: key } = cache.rkeys().next();
  return done === true ? undefined : remove(cache, key, cache.peek(key, { allowStale: true }));
}

function remove(cache: LruCache, key: unknown, value: unknown): CacheEntry {
  cache.delete(key);
  return { key, value };
}

/** Slots of expired entries, one after the other; a look at all of them takes several calls. */
function createExpirySearch(monotonicMs: () => number): (internals: Internals) => number | undefined {
  let slot = 0;
  let nextPassMs = 0;

  return ({ ttls, valList, isBackgroundFetch, isStale }) => {
    if (ttls === undefined || (slot === 0 && monotonicMs() < nextPassMs)) return undefined;
    for (let looks = 0; looks < SLOTS_PER_EVICTION; looks++) {
      if (slot >= ttls.length) {
        slot = 0;
        nextPassMs = monotonicMs() + PASS_INTERVAL_MS;
        return undefined;
      }
      const index = slot++;
      if (ttls[index] !== 0 && isStale(index) && valList[index] !== undefined && valList[index] !== null) {
        if (!isBackgroundFetch(valList[index])) return index;
      }
    }
    return undefined;
  };
}

function internalsOf(cache: LruCache): Internals | undefined {
  if (Array.isArray(Reflect.get(cache, 'keyList'))) return cache as unknown as Internals;
  const show: unknown = Reflect.get(cache.constructor, 'unsafeExposeInternals');
  return typeof show === 'function' ? (Reflect.apply(show, cache.constructor, [cache]) as Internals) : undefined;
}
