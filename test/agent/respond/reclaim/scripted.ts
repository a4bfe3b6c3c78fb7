/** A process whose memory does what is said: caches, garbage that only a collection takes, and a clock that is moved by waiting. */
import { NOTHING_COUNTED, type CacheLimit, type FollowedCache, type Priority } from '../../../../agent/model/cache.ts';
import type { Problem } from '../../../../agent/model/problem.ts';
import type { CollectionKind, Collector } from '../../../../agent/model/reclaim.ts';
import { createReclaim } from '../../../../agent/respond/reclaim/index.ts';

export const MIB = 2 ** 20;

export interface ScriptedCache extends FollowedCache {
  entryCount: number;
  capEntries: number | undefined;
  evictions: number;
}

interface CacheScript {
  readonly name?: string;
  readonly entries?: number;
  readonly priority?: Priority;
  readonly costMs?: number;
  readonly hitsPerSecond?: number;
  readonly limit?: CacheLimit;
  /** Of what it promises, what becomes garbage. */
  readonly truth?: number;
  /** Time that one eviction takes. */
  readonly evictMs?: number;
}

export function scriptedProcess({ coolDownMs = 30_000, isAvailable = true, msPerMib = 0.5 } = {}) {
  let nowMs = 1_000;
  const timers: { readonly callback: () => void; readonly dueMs: number }[] = [];
  const problems: Problem[] = [];
  const caches: ScriptedCache[] = [];
  const collections: CollectionKind[] = [];
  const memory = { liveBytes: 50 * MIB, garbageBytes: 0, idleBytes: 0, otherBytes: 40 * MIB, insideBytes: 0 };
  let left = { ofV8: 0, heldBytes: 50 * MIB };

  const heldBytes = (): number => memory.liveBytes + memory.garbageBytes;
  const collector: Collector = {
    isAvailable,
    predictMs: (kind, garbageBytes = 0) =>
      ((heldBytes() - Math.min(heldBytes(), garbageBytes)) / MIB) * msPerMib * (kind === 'major' ? 1 : 2),
    collect(kind) {
      collections.push(kind);
      memory.idleBytes = kind === 'major' ? memory.idleBytes + memory.garbageBytes : 0;
      memory.garbageBytes = 0;
      left = { ...left, heldBytes: heldBytes() };
      const ms = (memory.liveBytes / MIB) * msPerMib;
      nowMs += ms;
      return ms;
    },
    observe() {},
    use: () => ({
      heldBytes: heldBytes(),
      heapBytes: heldBytes(),
      heapIdleBytes: memory.idleBytes,
      rssBytes: heldBytes() + memory.idleBytes + memory.otherBytes,
    }),
    left: () => left,
  };

  const reclaim = createReclaim({
    caches: () => caches,
    collector,
    policy: { targets: [0.15, 0.3, 0.5], coolDownMs },
    insideBytes: () => memory.insideBytes,
    monotonicMs: () => nowMs,
    setTimer(callback, ms) {
      const timer = { callback, dueMs: nowMs + ms };
      timers.push(timer);
      setImmediate(fireNext);
      return () => {
        const place = timers.indexOf(timer);
        if (place >= 0) timers.splice(place, 1);
      };
    },
    onProblem: (problem) => problems.push(problem),
  });

  /** Nothing else is left to do: the next timer is due. */
  function fireNext(): void {
    const next = timers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
    if (next === undefined) return;
    timers.splice(timers.indexOf(next), 1);
    nowMs = Math.max(nowMs, next.dueMs);
    next.callback();
  }

  return {
    reclaim,
    memory,
    problems,
    collections,
    now: () => nowMs,
    pass(ms: number) {
      nowMs += ms;
    },
    /** V8 collects by itself. */
    collectByV8() {
      memory.idleBytes += memory.garbageBytes;
      memory.garbageBytes = 0;
      left = { ofV8: left.ofV8 + 1, heldBytes: heldBytes() };
    },
    grow(bytes: number) {
      memory.garbageBytes += bytes;
    },
    cache(script: CacheScript = {}): ScriptedCache {
      const cache = scriptedCache({ ...script, take: (bytes) => take(bytes), pass: (ms) => (nowMs += ms) });
      caches.push(cache);
      memory.liveBytes += cache.entryCount * MIB;
      left = { ...left, heldBytes: heldBytes() };
      return cache;
    },
  };

  function take(bytes: number): void {
    memory.liveBytes -= bytes;
    memory.garbageBytes += bytes;
  }
}

interface CacheParts extends CacheScript {
  take(bytes: number): void;
  pass(ms: number): void;
}

/** Its entries are 1 MiB each. */
function scriptedCache({ take, pass, truth = 1, evictMs = 0.1, ...script }: CacheParts): ScriptedCache {
  const { name = 'pages', priority = 'normal', limit = { entries: undefined, bytes: undefined } } = script;
  const cache: ScriptedCache = {
    name,
    priority,
    entryCount: script.entries ?? 100,
    capEntries: undefined,
    evictions: 0,
    status: () => ({
      name,
      library: 'scripted',
      priority,
      isDiscovered: false,
      entries: cache.entryCount,
      bytes: cache.entryCount * MIB,
      sizeSource: 'own',
      limit,
      capEntries: cache.capEntries,
      counts: NOTHING_COUNTED,
    }),
    costMs: () => script.costMs ?? 1,
    hitsPerSecond: () => script.hitsPerSecond ?? Number.NaN,
    evict(targetBytes, isTimeUp) {
      let entries = 0;
      while (cache.entryCount > 0 && entries * MIB < targetBytes && !isTimeUp()) {
        cache.entryCount -= 1;
        entries += 1;
        take(MIB * truth);
        pass(evictMs);
      }
      cache.evictions += entries;
      return { entries, bytes: entries * MIB };
    },
    cap(entries) {
      cache.capEntries = entries;
    },
  };
  return cache;
}
