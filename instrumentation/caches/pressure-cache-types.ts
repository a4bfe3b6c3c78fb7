/** What an application is given: see docs/pressure-cache.md. */
import type { CacheCounts, Evicted } from '../../agent/model/cache.ts';
import type { LevelName } from '../../agent/model/level.ts';
import type { DiskCounts } from './pressure-cache-disk.ts';
import type { EntryDetail } from './pressure-cache-memory.ts';

export interface PressureCacheStats {
  readonly name: string;
  readonly entries: number;
  /** Of the memory tier; estimated unless `maxBytes` is given. */
  readonly bytes: number;
  /** The owner's maximum. */
  readonly maxEntries: number;
  /** The maximum at this moment: less under pressure and for a while after it. */
  readonly currentMaxEntries: number;
  readonly maxBytes: number | undefined;
  /** Both tiers. */
  readonly hits: number;
  readonly misses: number;
  /** Found, but older than `ttlMs`. */
  readonly expired: number;
  /** Of all gets; 0 before the first. */
  readonly hitRatio: number;
  /** Entries that left the memory tier. */
  readonly evictions: CacheCounts['evictions'];
  readonly disk: DiskCounts | undefined;
}

/** What the cache holds beside what its process has left. Without an agent as at normal. */
export interface CacheMemoryStatus {
  readonly available: boolean;
  readonly level: LevelName;
  readonly pressureRatio: number;
  readonly headroomBytes: number | undefined;
  readonly entries: number;
  readonly bytes: number;
  readonly maxEntries: number;
  readonly currentMaxEntries: number;
}

export interface Told {
  readonly name: string;
  stats(): PressureCacheStats;
  /** The most recently used entries of the memory tier, the latest first. */
  details(count?: number): readonly EntryDetail[];
  memoryStatus(): CacheMemoryStatus;
}

/** All in memory, so that all of it is synchronous. `undefined` is no value: putting it deletes. */
export interface PressureCache<V = unknown> extends Told {
  get(key: string, tier?: string): V | undefined;
  /** `costMs`: what it took to make the value; under pressure the cheapest go first. */
  put(key: string, value: V, tier?: string, costMs?: number): void;
  delete(key: string, tier?: string): boolean;
  /** Answers what it held. */
  clear(): Evicted;
  /** Empties it, ends its bond with the agent and frees its name. */
  close(): void;
}

/** With a disk tier. The memory tier has changed when a call returns; its promise is that of the disk, and never rejects. */
export interface DiskPressureCache<V = unknown> extends Told {
  /** Memory, then disk; what is found there goes back into memory. */
  get(key: string, tier?: string): Promise<V | undefined>;
  /** The memory tier alone, at once. */
  getSync(key: string, tier?: string): V | undefined;
  put(key: string, value: V, tier?: string, costMs?: number): Promise<void>;
  /** Whether the memory tier had it. */
  delete(key: string, tier?: string): Promise<boolean>;
  clear(): Promise<Evicted>;
  /** As without a disk tier; what is on disk stays there for the next cache of this name and path. Resolves when all is written. */
  close(): Promise<void>;
}
