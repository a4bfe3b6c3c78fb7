/** `quick-lru` 5 to 7. */
import type { CacheEntry } from '../../agent/model/cache.ts';
import { has, maximum, type Adapter, type LibraryContract } from './adapter.ts';
import { countUses } from './counting.ts';
import { createKeysAhead } from './keys-ahead.ts';
import { firstEntries } from './map.ts';

interface QuickLru {
  readonly size: number;
  readonly maxSize: number;
  delete(key: unknown): boolean;
}

/** Version 7: the generations are private, and its own function is the only one that tells `onEviction`. */
interface Private extends QuickLru {
  entriesAscending(): Iterable<[unknown, unknown]>;
  evict(count: number): void;
}

/** Versions 5 and 6. The value is that of version 5; version 6 has it in an item, with its expiry. */
interface Open extends QuickLru {
  readonly cache: Map<unknown, unknown>;
  readonly oldCache: Map<unknown, unknown>;
  onEviction?(key: unknown, value: unknown): void;
  entriesAscending?: unknown;
}

/** `size` looks at each entry: with more than this many it is asked for no more than a thousandth of the time. */
const CHEAP_ENTRIES = 5000;
const COUNT_MS_PER_ENTRY = 20e-6;
const COUNTING_PART = 1 / 1000;

export const quickLruAdapter: Adapter = {
  library: 'quick-lru',
  recognizes: (cache) =>
    has(cache, 'get', 'set', 'peek', 'delete') &&
    typeof Reflect.get(cache, 'maxSize') === 'number' &&
    (has(cache, 'entriesAscending', 'evict') || Reflect.get(cache, 'oldCache') instanceof Map),
  adapt(object, { monotonicMs, mayCount }) {
    const cache = object as unknown as QuickLru;
    const { counts, restore } = countUses(cache, mayCount);
    const count = createCount(() => cache.size, monotonicMs);
    const contract: Omit<LibraryContract, 'sample' | 'evict' | 'evictMany'> = {
      library: 'quick-lru',
      entries: count.now,
      limit: () => ({ entries: maximum(cache.maxSize), bytes: undefined }),
      ownBytes: () => undefined,
      counts,
    };
    const access = has(cache, 'entriesAscending', 'evict')
      ? ofPrivate(cache as Private, count)
      : ofOpen(cache as Open, count, monotonicMs);
    return { store: cache, contract: { ...contract, ...access }, restore };
  },
};

function ofPrivate(cache: Private, count: Count): Pick<LibraryContract, 'sample' | 'evict' | 'evictMany'> {
  function evictMany(wanted: number): readonly CacheEntry[] {
    // it keeps its last entry, whatever it is told
    const entries = firstEntries(cache.entriesAscending(), Math.min(wanted, count.now() - 1));
    if (entries.length === 0) return entries;
    cache.evict(entries.length);
    count.subtract(entries.length);
    return entries;
  }
  return {
    sample: (wanted) => firstEntries(cache.entriesAscending(), wanted),
    evict: () => evictMany(1)[0],
    evictMany,
  };
}

function ofOpen(cache: Open, count: Count, monotonicMs: () => number): Pick<LibraryContract, 'sample' | 'evict'> {
  const valueOf = cache.entriesAscending === undefined ? (item: unknown) => item : valueOfItem;
  const nextKey = createKeysAhead(monotonicMs, (wanted) => first(wanted).map(({ key }) => key));

  function first(wanted: number): readonly CacheEntry[] {
    const old = cache.oldCache.size > 0 ? oldest(cache, wanted) : [];
    return old.length < wanted ? [...old, ...firstEntries(cache.cache, wanted - old.length)] : old;
  }

  function remove(key: unknown, value: unknown): CacheEntry {
    cache.onEviction?.(key, value);
    cache.delete(key);
    count.subtract(1);
    return { key, value };
  }

  return {
    sample: (wanted) => first(wanted).map(({ key, value }) => ({ key, value: valueOf(value) })),
    evict() {
      while (cache.cache.size + cache.oldCache.size > 0) {
        const key = nextKey();
        const generation = cache.cache.has(key) ? cache.cache : cache.oldCache;
        if (generation.has(key)) return remove(key, valueOf(generation.get(key)));
      }
      return undefined;
    },
  };
}

/** Of the older generation, without those that the newer one has too. */
function oldest({ cache, oldCache }: Open, wanted: number): readonly CacheEntry[] {
  const entries: CacheEntry[] = [];
  for (const [key, value] of oldCache) {
    if (entries.length >= wanted) break;
    if (!cache.has(key)) entries.push({ key, value });
  }
  return entries;
}

function valueOfItem(item: unknown): unknown {
  return typeof item === 'object' && item !== null ? Reflect.get(item, 'value') : undefined;
}

interface Count {
  now(): number;
  subtract(entries: number): void;
}

function createCount(size: () => number, monotonicMs: () => number): Count {
  let entries = 0;
  let countAgainMs = -Infinity;
  return {
    now() {
      const nowMs = monotonicMs();
      if (nowMs >= countAgainMs) {
        entries = size();
        if (entries > CHEAP_ENTRIES) countAgainMs = nowMs + (entries * COUNT_MS_PER_ENTRY) / COUNTING_PART;
      }
      return entries;
    },
    subtract(gone) {
      entries = Math.max(0, entries - gone);
    },
  };
}
