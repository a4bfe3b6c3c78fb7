/** The memory tier: an `lru-cache` of entries by (tier, key), which can be made smaller and remembers what an entry cost. */
import { LRUCache } from 'lru-cache';

import type { CacheCounts, CacheEntry, Evicted, EvictionReason } from '../../agent/model/cache.ts';
import { bytesOfEntries } from './bytes-of.ts';
import type { Maximum } from './pressure-cache-maximum.ts';
import type { CacheSettings } from './pressure-cache-options.ts';

const DEFAULT_TIER = 'default';
/** Begins the id of an entry of another tier. */
const MARK = 0;
/** What a shrinking looks at to find the cheapest; beyond it the least recently used goes. Deciding among so many takes 1 ms. */
const MOST_CANDIDATES = 4096;
/** Entries whose mean stands for all. */
const SAMPLED = 8;

interface Held<V> {
  readonly id: string;
  readonly value: V;
}

/** What `details()` tells of an entry. */
export interface EntryDetail {
  readonly key: string;
  readonly tier: string;
  readonly bytes: number;
  /** undefined: not known. */
  readonly costMs: number | undefined;
}

export interface MemoryTier<V> {
  get(key: string, tier: string | undefined): V | undefined;
  /** `ttlMs`: what is left of an entry that is older than its place here. */
  put(key: string, value: V, tier: string | undefined, costMs: number | undefined, ttlMs?: number): void;
  delete(key: string, tier: string | undefined): boolean;
  clear(): Evicted;
  entries(): number;
  /** Of all; an estimate unless `maxBytes` makes the cache count. */
  bytes(): number;
  counts(): CacheCounts;
  /** Least recently used first. */
  sample(count: number): readonly CacheEntry[];
  /** Most recently used first. */
  details(count: number): readonly EntryDetail[];
  evictOne(): CacheEntry | undefined;
  /** Down to so many entries, the cheapest to make again of the oldest first; until `isTimeUp`, asked between any two. */
  shrink(entries: number, isTimeUp: () => boolean): Evicted;
}

/** Not every caller is checked by TypeScript. */
export function areTexts(key: unknown, tier: unknown): boolean {
  return typeof key === 'string' && (tier === undefined || typeof tier === 'string');
}

/** One text for (tier, key); the default tier's is the key itself, so that it costs nothing. */
export function idOf(key: string, tier: string = DEFAULT_TIER): string {
  if (tier === DEFAULT_TIER && key.charCodeAt(0) !== MARK) return key;
  return `${String.fromCharCode(MARK)}${tier.length}:${tier}${key}`;
}

function partsOf(id: string): { readonly key: string; readonly tier: string } {
  if (id.charCodeAt(0) !== MARK) return { key: id, tier: DEFAULT_TIER };
  const colon = id.indexOf(':');
  const begin = colon + 1 + Number(id.slice(1, colon));
  return { key: id.slice(begin), tier: id.slice(colon + 1, begin) };
}

export interface MemoryTierParts {
  readonly settings: CacheSettings;
  readonly maximum: Maximum;
  onBadKey(): void;
}

export function createMemoryTier<V>({ settings, maximum, onBadKey }: MemoryTierParts): MemoryTier<V> {
  const { maxEntries, maxBytes, ttlMs, sizeOf } = settings;
  const evictions: Record<EvictionReason, number> = { capacity: 0, ttl: 0, pressure: 0, manual: 0 };
  let hits = 0;
  let misses = 0;
  let expired = 0;
  let isShrinking = false;

  /** ms, of those whose cost is known. */
  const costs = new Map<string, number>();

  const lru = new LRUCache<string, V & {}>({
    max: maxEntries,
    ...(maxBytes === undefined ? {} : { maxSize: maxBytes, sizeCalculation: (value, id) => bytesOf(id, value) }),
    ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
    dispose(_value, id, reason) {
      if (costs.size > 0) costs.delete(id);
      if (reason === 'expire') evictions.ttl += 1;
      else if (isShrinking) evictions.pressure += 1;
      else if (reason === 'evict') evictions.capacity += 1;
      else if (reason === 'delete') evictions.manual += 1;
    },
  });

  /** lru-cache takes whole numbers from 1 up. */
  function bytesOf(id: string, value: V): number {
    const bytes = Math.ceil(bytesByOwner(id, value) ?? bytesOfEntries([{ key: id, value }]));
    return bytes >= 1 ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : 1;
  }

  function bytesByOwner(id: string, value: V): number | undefined {
    try {
      return sizeOf?.(value, partsOf(id).key);
    } catch {
      return undefined; // the application's function threw: as if there were none
    }
  }

  /** Of so many entries, by some of them. */
  function estimate(some: readonly Held<V>[], count: number): number {
    if (some.length === 0) return 0;
    const bytes =
      sizeOf === undefined
        ? bytesOfEntries(some.map(({ id, value }) => ({ key: id, value })))
        : some.reduce((sum, { id, value }) => sum + bytesOf(id, value), 0);
    return Math.round((bytes / some.length) * count);
  }

  /** Without what has expired. */
  function look(ids: Iterable<string>): readonly Held<V>[] {
    const held: Held<V>[] = [];
    for (const id of ids) {
      const value = lru.peek(id);
      if (value !== undefined) held.push({ id, value });
    }
    return held;
  }

  /** The cheapest of the oldest. Without a comparing function: it runs once in an hour, and would be compiled for it. */
  function victims(count: number): readonly string[] {
    if (costs.size === 0) return first(lru.rkeys(), Math.min(count, MOST_CANDIDATES));
    const oldest = first(lru.rkeys(), Math.min(2 * count, MOST_CANDIDATES));
    const prices = Float64Array.from(oldest, (id) => costs.get(id) ?? 0);
    const most = prices.toSorted()[Math.min(count, oldest.length) - 1] ?? 0;
    const cheaper = oldest.filter((_, index) => (prices[index] ?? 0) < most);
    const asDear = oldest.filter((_, index) => prices[index] === most);
    return [...cheaper, ...asDear.slice(0, count - cheaper.length)];
  }

  function asPressure<T>(work: () => T): T {
    isShrinking = true;
    try {
      return work();
    } finally {
      isShrinking = false;
    }
  }

  function heldBytes(): number {
    if (maxBytes !== undefined) return lru.calculatedSize;
    return estimate(look([...first(lru.rkeys(), SAMPLED / 2), ...first(lru.keys(), SAMPLED / 2)]), lru.size);
  }

  function trim(): void {
    const most = maximum.now();
    if (lru.size <= most) return;
    asPressure(() => {
      // two: a cache above its maximum shrinks with each put, and no put waits for a thousand entries
      for (let entry = 0; entry < 2 && lru.size > most; entry += 1) lru.pop();
    });
  }

  /** What is seldom: a miss, another tier, what is no text. */
  function getFurther(key: string, tier: string | undefined, aged: number): V | undefined {
    if (!areTexts(key, tier)) {
      onBadKey();
      return undefined;
    }
    const id = idOf(key, tier);
    const value = tier === undefined && id === key ? undefined : lru.get(id);
    if (value !== undefined) hits += 1;
    else if (evictions.ttl === aged) misses += 1;
    else expired += 1;
    return value;
  }

  function shrink(entries: number, isTimeUp: () => boolean): Evicted {
    const before = lru.size;
    const measured = lru.calculatedSize;
    let looked: readonly Held<V>[] = [];
    while (lru.size > entries && !isTimeUp()) {
      const chosen = victims(lru.size - entries);
      if (looked.length === 0) looked = look(chosen.slice(0, SAMPLED));
      // what has expired is in the size and not among the entries
      if (chosen.length === 0) lru.pop();
      for (const id of chosen) {
        lru.delete(id);
        if (isTimeUp()) break;
      }
    }
    const gone = before - lru.size;
    return { entries: gone, bytes: maxBytes === undefined ? estimate(looked, gone) : measured - lru.calculatedSize };
  }

  return {
    get(key, tier) {
      const aged = evictions.ttl;
      if (tier === undefined && typeof key === 'string' && key.charCodeAt(0) !== MARK) {
        const value = lru.get(key);
        if (value !== undefined) {
          hits += 1;
          return value;
        }
      }
      return getFurther(key, tier, aged);
    },
    put(key, value, tier, costMs, ttl) {
      if (!areTexts(key, tier)) {
        onBadKey();
        return;
      }
      const id = idOf(key, tier);
      if (value === undefined) {
        lru.delete(id);
        return;
      }
      lru.set(id, value as V & {}, ttl === undefined ? undefined : { ttl });
      if (costMs !== undefined && costMs >= 0) costs.set(id, costMs);
      trim();
    },
    delete: (key, tier) => areTexts(key, tier) && lru.delete(idOf(key, tier)),
    clear() {
      const gone = { entries: lru.size, bytes: heldBytes() };
      lru.clear();
      return gone;
    },
    entries: () => lru.size,
    bytes: heldBytes,
    counts: () => ({ hit: hits, miss: misses, expired, evictions: { ...evictions } }),
    sample: (count) => look(first(lru.rkeys(), count)).map(entryOf),
    details: (count) =>
      look(first(lru.keys(), count)).map(({ id, value }) => ({
        ...partsOf(id),
        bytes: bytesOf(id, value),
        costMs: costs.get(id),
      })),
    evictOne() {
      const [oldest] = look(first(lru.rkeys(), 1));
      if (oldest !== undefined) asPressure(() => lru.delete(oldest.id));
      return oldest && entryOf(oldest);
    },
    shrink: (entries, isTimeUp) => asPressure(() => shrink(entries, isTimeUp)),
  };
}

function entryOf({ id, value }: Held<unknown>): CacheEntry {
  return { key: partsOf(id).key, value };
}

function first(ids: Iterable<string>, count: number): string[] {
  const taken: string[] = [];
  if (count < 1) return taken;
  for (const id of ids) {
    taken.push(id);
    if (taken.length >= count) break;
  }
  return taken;
}
