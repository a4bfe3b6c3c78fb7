/** `pressureCache()`: a cache that gives its memory back when the process needs it, with an optional disk tier behind it. */
import type { CacheContract, CacheCounts, CacheStatus } from '../../agent/model/cache.ts';
import { levelName } from '../../agent/model/level.ts';
import type { AgentHandle } from '../../agent/model/handle.ts';
import { openCaches } from '../../agent/model/open-cache.ts';
import { problem, whyOf, type Problem, type ProblemCode } from '../../agent/model/problem.ts';
import { createAttachment } from './pressure-cache-agent.ts';
import { createDiskTier, type DiskTier } from './pressure-cache-disk.ts';
import { createCacheFolder, folderOf, type Cacache } from './pressure-cache-folder.ts';
import { createMaximum } from './pressure-cache-maximum.ts';
import { createMemoryTier } from './pressure-cache-memory.ts';
import {
  readCacheOptions,
  type CacheSettings,
  type DiskOptions,
  type PressureCacheOptions,
} from './pressure-cache-options.ts';
import { inMemory, throughDisk, type Surface } from './pressure-cache-surface.ts';
import type { DiskPressureCache, PressureCache, PressureCacheStats, Told } from './pressure-cache-types.ts';

/** Puts from one look for an agent to the next: a look takes 0.2 µs. */
const LOOK_EVERY = 16;
/** Entries that `details()` tells of unless asked for more. */
const DETAILS = 100;

export interface PressureCacheParts {
  wallMs(): number;
  monotonicMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  findAgent(): AgentHandle | undefined;
  /** undefined: it is not installed. */
  loadCacache(): Cacache | undefined;
  onProblem(problem: Problem): void;
}

export type CreatePressureCache = {
  <V = unknown>(options: PressureCacheOptions & { readonly disk: DiskOptions }): DiskPressureCache<V>;
  <V = unknown>(options: PressureCacheOptions & { readonly disk?: undefined }): PressureCache<V>;
};

export function createPressureCaches(parts: PressureCacheParts): CreatePressureCache {
  function pressureCache<V>(options: PressureCacheOptions & { readonly disk: DiskOptions }): DiskPressureCache<V>;
  function pressureCache<V>(options: PressureCacheOptions & { readonly disk?: undefined }): PressureCache<V>;
  function pressureCache<V>(options: PressureCacheOptions & { readonly disk?: DiskOptions | undefined }) {
    const settings = readCacheOptions(options, (what) =>
      parts.onProblem(problem('PLM_CACHE_OPTIONS', `pressureCache ${options.name}: ${what}.`)),
    );
    const isAsync = options.disk !== undefined;
    const slot = `${isAsync ? 'disk' : 'memory'}:${settings.name}`;
    const open = openCaches().get(slot);
    if (open !== undefined) return open.cache as PressureCache<V> | DiskPressureCache<V>;
    return openCache<V>(parts, settings, isAsync, slot);
  }
  return pressureCache;
}

function openCache<V>(
  parts: PressureCacheParts,
  settings: CacheSettings,
  isAsync: boolean,
  slot: string,
): PressureCache<V> | DiskPressureCache<V> {
  const { name, maxEntries, maxBytes } = settings;
  const { monotonicMs, setTimer, findAgent } = parts;
  const said = new Set<ProblemCode>();

  /** Each kind once: a cache that fails does so thousands of times. */
  function say(code: ProblemCode, message: string): void {
    if (said.has(code)) return;
    said.add(code);
    parts.onProblem(problem(code, `pressureCache ${name}: ${message}`));
  }

  function onBadKey(): void {
    say('PLM_CACHE_OPTIONS', 'a key or tier is no text, and must be one. The call is ignored.');
  }

  const maximum = createMaximum(maxEntries, monotonicMs);
  const memory = createMemoryTier<V>({ settings, maximum, onBadKey });
  const disk = openDisk(parts, settings, say);

  function counts(): CacheCounts {
    const own = memory.counts();
    const behind = disk?.counts().hits ?? 0;
    return { ...own, hit: own.hit + behind, miss: Math.max(0, own.miss - behind) };
  }

  const contract: CacheContract = {
    library: 'plimsoll',
    entries: memory.entries,
    limit: () => ({ entries: maxEntries, bytes: maxBytes }),
    ownBytes: () => (maxBytes === undefined ? undefined : memory.bytes()),
    sample: memory.sample,
    evict: memory.evictOne,
    counts,
  };
  const bond = createAttachment({
    name,
    adapts: settings.adapts,
    contract,
    memory,
    maximum,
    disk,
    findAgent,
    monotonicMs,
    setTimer,
  });

  function stats(): PressureCacheStats {
    const { hit, miss, expired, evictions } = counts();
    const gets = hit + miss + expired;
    return {
      name,
      entries: memory.entries(),
      bytes: memory.bytes(),
      maxEntries,
      currentMaxEntries: maximum.now(),
      maxBytes,
      hits: hit,
      misses: miss,
      expired,
      hitRatio: gets === 0 ? 0 : hit / gets,
      evictions,
      disk: disk?.counts(),
    };
  }

  const told: Told = {
    name,
    stats,
    details: (count = DETAILS) => memory.details(count),
    memoryStatus() {
      const { available, assessment } = findAgent()?.status() ?? { available: false, assessment: undefined };
      const { entries, bytes, currentMaxEntries } = stats();
      return {
        available,
        level: levelName(assessment?.level ?? 0),
        pressureRatio: assessment?.pressureRatio ?? 0,
        headroomBytes: assessment?.headroomBytes,
        entries,
        bytes,
        maxEntries,
        currentMaxEntries,
      };
    },
  };

  function status(): CacheStatus {
    const cap = maximum.now();
    return {
      name,
      library: contract.library,
      priority: 'never',
      isDiscovered: false,
      entries: memory.entries(),
      bytes: memory.bytes(),
      sizeSource: maxBytes === undefined ? 'sampled' : 'own',
      limit: contract.limit(),
      capEntries: cap < maxEntries ? cap : undefined,
      counts: counts(),
    };
  }

  let isClosed = false;
  let puts = 0;
  const surface: Surface<V> = {
    memory,
    disk,
    ttlMs: settings.ttlMs,
    wallMs: parts.wallMs,
    /** Before each put; false: the cache is closed. */
    mayPut() {
      puts += 1;
      if (puts % LOOK_EVERY === 0 && !isClosed) bond.refresh();
      return !isClosed;
    },
    close() {
      if (!isClosed) openCaches().delete(slot);
      isClosed = true;
      bond.detach();
      memory.clear();
    },
  };
  const cache = { ...told, ...(isAsync ? throughDisk(surface) : inMemory(surface)) };
  openCaches().set(slot, { cache, status, stats, clear: async () => await cache.clear() });
  bond.refresh();
  return cache;
}

function openDisk(
  { loadCacache, wallMs, monotonicMs }: PressureCacheParts,
  { name, disk, ttlMs }: CacheSettings,
  say: (code: ProblemCode, message: string) => void,
): DiskTier | undefined {
  if (disk === undefined) return undefined;
  const cacache = loadCacache();
  if (cacache === undefined) {
    say(
      'PLM_CACHE_DISK_MISSING',
      'the disk tier needs cacache 18 or newer: npm install cacache. Memory alone is used.',
    );
    return undefined;
  }
  return createDiskTier({
    folder: createCacheFolder(cacache, folderOf(disk.path, name)),
    maxBytes: disk.maxBytes,
    ttlMs,
    wallMs,
    monotonicMs,
    onUnserialisable: (id) =>
      say(
        'PLM_CACHE_UNSERIALISABLE',
        `some values (the first: ${JSON.stringify(id.slice(0, 80))}) have functions or are of a class, and would not come back from disk as they are. They stay in memory alone.`,
      ),
    onFailure: (error) =>
      say(
        'PLM_CACHE_DISK_FAILED',
        `${whyOf(error)} (${disk.path}). Memory goes on; the disk is tried again after a while.`,
      ),
  });
}
