/** The memory tier: an `lru-cache` of entries by (tier, key), which can be made smaller and remembers what an entry cost. */
import { LRUCache } from 'lru-cache';

import type { CacheCounts, CacheEntry, Evicted, EvictionReason } from '../../agent/model/cache.ts';
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

function priceOf({ costMs }: MemoryEntry<unknown>): number {
  return Number.isNaN(costMs) ? 0 : costMs;
}

export interface MemoryTierParts {
  readonly settings: CacheSettings;
  readonly maximum: Maximum;
  monotonicMs(): number;
  /** Of a value, estimated. */
  bytesOf(value: unknown): number;
}

export function createMemoryTier<V>({ settings, maximum, monotonicMs, bytesOf }: MemoryTierParts): MemoryTier<V> {
  const { maxEntries, maxBytes, ttlMs, sizeOf } = settings;
  const evictions: Record<EvictionReason, number> = { capacity: 0, ttl: 0, pressure: 0, manual: 0 };
  let hits = 0;
  let misses = 0;
  let expired = 0;
  let isShrinking = false;

  const lru = new LRUCache<string, MemoryEntry<V>>({
    max: maxEntries,
    ...(maxBytes === undefined ? {} : { maxSize: maxBytes, sizeCalculation: sizeInBytes }),
    ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
    dispose(_entry, _id, reason) {
      if (reason === 'expire') evictions.ttl += 1;
      else if (isShrinking) evictions.pressure += 1;
      else if (reason === 'evict') evictions.capacity += 1;
      else if (reason === 'delete') evictions.manual += 1;
    },
  });

  /** lru-cache takes whole numbers from 1 up. */
  function sizeInBytes({ value, key }: MemoryEntry<V>): number {
    let bytes: number;
    try {
      bytes = Math.ceil(sizeOf?.(value, key) ?? bytesOf(value));
    } catch {
      bytes = bytesOf(value); // the application's function threw
    }
    return bytes >= 1 ? Math.min(bytes, Number.MAX_SAFE_INTEGER) : 1;
  }

  function meanBytes(entries: readonly MemoryEntry<V>[]): number {
    if (entries.length === 0) return 0;
    return entries.reduce((sum, entry) => sum + sizeInBytes(entry), 0) / entries.length;
  }

  /** With their entries, without what has expired. */
  function take(ids: Iterator<string>, count: number): readonly (readonly [id: string, entry: MemoryEntry<V>])[] {
    const taken: [string, MemoryEntry<V>][] = [];
    for (let next = ids.next(); next.done !== true && taken.length < count; next = ids.next()) {
      const entry = lru.peek(next.value, OPTIONS);
      if (entry !== undefined) taken.push([next.value, entry]);
    }
    return taken;
  }

  /** In the order in which they should go. */
  function victims(count: number): readonly (readonly [id: string, entry: MemoryEntry<V>])[] {
    const oldest = take(lru.rkeys(), Math.min(2 * count, MOST_CANDIDATES));
    const isPriced = oldest.some(([, { costMs }]) => !Number.isNaN(costMs));
    return (isPriced ? oldest.toSorted(([, a], [, b]) => priceOf(a) - priceOf(b)) : oldest).slice(0, count);
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
    const entries = [...take(lru.rkeys(), SAMPLED / 2), ...take(lru.keys(), SAMPLED / 2)];
    return Math.round(meanBytes(entries.map(([, entry]) => entry)) * lru.size);
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
    sample: (count) => take(lru.rkeys(), count).map(([, { key, value }]) => ({ key, value })),
    details: (count) =>
      take(lru.keys(), count).map(([, entry]) => ({
        key: entry.key,
        tier: entry.tier,
        bytes: sizeInBytes(entry),
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
          for (const [id, entry] of chosen) {
            if (looked.length < SAMPLED) looked.push(entry);
            lru.delete(id);
            if (isTimeUp()) break;
          }
        }
        const gone = before - lru.size;
        const estimated = Math.round(meanBytes(looked) * gone);
        return { entries: gone, bytes: maxBytes === undefined ? estimated : measured - lru.calculatedSize };
      });
    },
  };
}
