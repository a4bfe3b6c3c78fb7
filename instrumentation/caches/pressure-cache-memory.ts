/** The memory tier: an `lru-cache` of entries by (tier, key), which can be made smaller and remembers what an entry cost. */
import { LRUCache } from 'lru-cache';

import type { CacheCounts, CacheEntry, Evicted, EvictionReason } from '../../agent/model/cache.ts';
import { bytesOfEntries } from './bytes-of.ts';
import type { Maximum } from './pressure-cache-maximum.ts';
import type { CacheSettings } from './pressure-cache-options.ts';

const DEFAULT_TIER = 'default';
const MARK = '\u0000';
/** What a shrinking looks at to find the cheapest; beyond it the least recently used goes. Sorting so many takes 1 ms. */
const MOST_CANDIDATES = 4096;
/** Entries whose mean stands for all. */
const SAMPLED = 20;
/** Given to every call: without it lru-cache makes an object for each. It writes an undefined `status` into it. */
const OPTIONS = {};

interface MemoryEntry<V> extends CacheEntry {
  readonly key: string;
  readonly value: V;
  readonly tier: string;
  /** NaN: not known. */
  readonly costMs: number;
  readonly storedMs: number;
}

/** What `details()` tells of an entry. */
export interface EntryDetail {
  readonly key: string;
  readonly tier: string;
  readonly bytes: number;
  /** undefined: not known. */
  readonly costMs: number | undefined;
  readonly ageMs: number;
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

/** One text for (tier, key); the default tier's is the key itself, so that it costs nothing. */
export function idOf(key: string, tier: string = DEFAULT_TIER): string {
  if (tier === DEFAULT_TIER && key.charCodeAt(0) !== 0) return key;
  return `${MARK}${tier.length}:${tier}${key}`;
}

export interface MemoryTierParts {
  readonly settings: CacheSettings;
  readonly maximum: Maximum;
  monotonicMs(): number;
}

export function createMemoryTier<V>({ settings, maximum, monotonicMs }: MemoryTierParts): MemoryTier<V> {
  const { maxEntries, maxBytes, ttlMs, sizeOf } = settings;
  const evictions: Record<EvictionReason, number> = { capacity: 0, ttl: 0, pressure: 0, manual: 0 };
  let hits = 0;
  let misses = 0;
  let expired = 0;
  let isShrinking = false;

  const lru = new LRUCache<string, MemoryEntry<V>>({
    max: maxEntries,
    ...(maxBytes === undefined ? {} : { maxSize: maxBytes, sizeCalculation: bytesOf }),
    ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
    dispose(_entry, _id, reason) {
      if (reason === 'expire') evictions.ttl += 1;
      else if (isShrinking) evictions.pressure += 1;
      else if (reason === 'evict') evictions.capacity += 1;
      else if (reason === 'delete') evictions.manual += 1;
    },
  });

  /** lru-cache takes whole numbers from 1 up. */
  function bytesOf(entry: MemoryEntry<V>): number {
    const bytes = Math.ceil(bytesByOwner(entry) ?? bytesOfEntries([{ key: entry.key, value: entry.value }]));
    return bytes >= 1 ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : 1;
  }

  function bytesByOwner({ value, key }: MemoryEntry<V>): number | undefined {
    try {
      return sizeOf?.(value, key);
    } catch {
      return undefined; // the application's function threw: as if there were none
    }
  }

  /** Of all that are in the cache or were, by some of them. */
  function estimate(entries: readonly MemoryEntry<V>[], count: number): number {
    if (entries.length === 0) return 0;
    const bytes =
      sizeOf === undefined ? bytesOfEntries(entries) : entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    return Math.round((bytes / entries.length) * count);
  }

  function take(entries: Iterator<MemoryEntry<V> | undefined>, count: number): readonly MemoryEntry<V>[] {
    const taken: MemoryEntry<V>[] = [];
    while (taken.length < count) {
      const next = entries.next();
      if (next.done === true) break;
      if (next.value !== undefined) taken.push(next.value);
    }
    return taken;
  }

  /** In the order in which they should go. */
  function victims(count: number): readonly MemoryEntry<V>[] {
    const oldest = take(lru.rvalues(), Math.min(2 * count, MOST_CANDIDATES));
    const isPriced = oldest.some(({ costMs }) => costMs > 0);
    return (isPriced ? oldest.toSorted((a, b) => (a.costMs || 0) - (b.costMs || 0)) : oldest).slice(0, count);
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
    return estimate([...take(lru.rvalues(), SAMPLED / 2), ...take(lru.values(), SAMPLED / 2)], lru.size);
  }

  function trim(): void {
    const most = maximum.now();
    if (lru.size <= most) return;
    asPressure(() => {
      // two: a cache above its maximum shrinks with each put, and no put waits for a thousand entries
      for (let entry = 0; entry < 2 && lru.size > most; entry += 1) lru.pop();
    });
  }

  return {
    get(key, tier) {
      const id = tier === undefined && key.charCodeAt(0) !== 0 ? key : idOf(key, tier);
      const aged = evictions.ttl;
      const entry = lru.get(id, OPTIONS);
      if (entry !== undefined) {
        hits += 1;
        return entry.value;
      }
      if (evictions.ttl === aged) misses += 1;
      else expired += 1;
      return undefined;
    },
    put(key, value, tier = DEFAULT_TIER, costMs = Number.NaN, ttl) {
      const id = idOf(key, tier);
      if (value === undefined) {
        lru.delete(id);
        return;
      }
      const entry = { key, value, tier, costMs, storedMs: monotonicMs() };
      lru.set(id, entry, ttl === undefined ? OPTIONS : { ttl });
      trim();
    },
    delete: (key, tier) => lru.delete(idOf(key, tier)),
    clear() {
      const gone = { entries: lru.size, bytes: heldBytes() };
      lru.clear();
      return gone;
    },
    entries: () => lru.size,
    bytes: heldBytes,
    counts: () => ({ hit: hits, miss: misses, expired, evictions: { ...evictions } }),
    sample: (count) => take(lru.rvalues(), count).map(({ key, value }) => ({ key, value })),
    details: (count) =>
      take(lru.values(), count).map((entry) => ({
        key: entry.key,
        tier: entry.tier,
        bytes: bytesOf(entry),
        costMs: Number.isNaN(entry.costMs) ? undefined : entry.costMs,
        ageMs: monotonicMs() - entry.storedMs,
      })),
    evictOne: () => asPressure(() => lru.pop()),
    shrink(entries, isTimeUp) {
      return asPressure(() => {
        const before = lru.size;
        const measured = lru.calculatedSize;
        const looked: MemoryEntry<V>[] = [];
        while (lru.size > entries && !isTimeUp()) {
          const chosen = victims(lru.size - entries);
          // what has expired is in the size and not among the entries
          if (chosen.length === 0) lru.pop();
          for (const entry of chosen) {
            if (looked.length < SAMPLED) looked.push(entry);
            lru.delete(idOf(entry.key, entry.tier));
            if (isTimeUp()) break;
          }
        }
        const gone = before - lru.size;
        const estimated = estimate(looked, gone);
        return { entries: gone, bytes: maxBytes === undefined ? estimated : measured - lru.calculatedSize };
      });
    },
  };
}
