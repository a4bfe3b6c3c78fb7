/** Forced garbage collections: what they cost, learned from this process's own, and what they leave. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { CollectionKind, Collector, MajorMark, MemoryUse } from '../../agent/model/reclaim.ts';

export interface CollectorParts {
  /** `PLIMSOLL_GC` is not off. */
  readonly isAllowed: boolean;
  monotonicMs(): number;
}

interface GcOptions {
  readonly type: 'major' | 'minor';
  readonly execution: 'sync';
  readonly flavor?: 'last-resort';
}
type Gc = (options: GcOptions) => unknown;

const MIB = 2 ** 20;
/** Of a collection of an empty heap. */
const BASE_MS = 3;
/** Before one was seen: forced collections took 0.1 ms (arrays of numbers) to 1 ms (small objects) per live MiB. */
const PRIOR_MS_PER_MIB = 0.7;
/** Of a last-resort collection to a major one, before one was seen; 1.5 to 4 were measured. */
const PRIOR_LAST_RESORT = 3;
/** Smaller heaps say little about what a large one would cost. */
const TELLING_MIB = 50;
const NEWEST_WEIGHT = 0.5;
/** Part of what was learned that each collection by V8 without such a pause takes away. */
const FORGETTING = 0.05;

export function createCollector({ isAllowed, monotonicMs }: CollectorParts): Collector {
  let gc: Gc | undefined;
  let isBroken = false;
  let msPerMib = PRIOR_MS_PER_MIB;
  let lastResort = PRIOR_LAST_RESORT;
  /** Node tells of ours too, later. */
  let isOwnUntold = false;
  let left: MajorMark = { ofV8: 0, heldBytes: use().heldBytes };

  function liveMs(liveMib: number): number {
    return BASE_MS + msPerMib * liveMib;
  }

  function learn(kind: CollectionKind, ms: number): void {
    const liveMib = use().heapBytes / MIB;
    const weight = NEWEST_WEIGHT * Math.min(1, liveMib / TELLING_MIB);
    if (kind === 'major') msPerMib += weight * (Math.max(0, ms - BASE_MS) / Math.max(1, liveMib) - msPerMib);
    else lastResort += weight * (Math.max(1, ms / liveMs(liveMib)) - lastResort);
  }

  function run(kind: CollectionKind): void {
    gc ??= takeGc();
    gc(kind === 'major' ? MAJOR : LAST_RESORT);
    // ends the sweeping of array buffers, which else stay counted until the next collection
    gc(MINOR);
  }

  return {
    get isAvailable() {
      return isAllowed && !isBroken;
    },
    predictMs(kind, garbageBytes = 0) {
      const { heapBytes, heldBytes } = use();
      // where the garbage lies is not known: as everything does
      const live = 1 - Math.min(1, garbageBytes / heldBytes);
      return liveMs((heapBytes / MIB) * live) * (kind === 'major' ? 1 : lastResort);
    },
    collect(kind) {
      if (!isAllowed || isBroken) return 0;
      const startMs = monotonicMs();
      try {
        run(kind);
      } catch {
        isBroken = true;
        return 0;
      }
      const ms = monotonicMs() - startMs;
      isOwnUntold = true;
      left = { ofV8: left.ofV8, heldBytes: use().heldBytes };
      learn(kind, ms);
      return ms;
    },
    observe(durationMs) {
      if (isOwnUntold) {
        isOwnUntold = false;
        return;
      }
      const { heapBytes, heldBytes } = use();
      left = { ofV8: left.ofV8 + 1, heldBytes };
      const liveMib = heapBytes / MIB;
      const seen = Math.max(0, durationMs - BASE_MS) / Math.max(1, liveMib);
      // V8 marks most of it beforehand, in small steps: a forced one costs that much at least
      if (liveMib >= TELLING_MIB && seen > msPerMib) msPerMib += NEWEST_WEIGHT * (seen - msPerMib);
      // one that took long because the machine was busy must not forbid all others for ever
      else if (msPerMib > PRIOR_MS_PER_MIB) msPerMib += FORGETTING * (PRIOR_MS_PER_MIB - msPerMib);
    },
    use,
    left: () => left,
  };
}

const MAJOR: GcOptions = { type: 'major', execution: 'sync' };
const LAST_RESORT: GcOptions = { type: 'major', execution: 'sync', flavor: 'last-resort' };
const MINOR: GcOptions = { type: 'minor', execution: 'sync' };

function use(): MemoryUse {
  const statistics = getHeapStatistics();
  const { used_heap_size: heapBytes } = statistics;
  return {
    heapBytes,
    heapIdleBytes: Math.max(0, statistics.total_physical_size - heapBytes),
    heldBytes: heapBytes + statistics.external_memory,
    rssBytes: rssBytes(),
  };
}

let lastRssBytes = 0;

/** The last known one where no file descriptor is left: Node.js opens /proc/self/stat for it. */
function rssBytes(): number {
  try {
    lastRssBytes = process.memoryUsage.rss();
  } catch {
    // as it was
  }
  return lastRssBytes;
}

/** The flag is set for a moment only: while it is, every new context and worker of the application gets a `gc`. */
function takeGc(): Gc {
  // who started Node.js with the flag keeps it
  const isOurs = !('gc' in globalThis);
  if (isOurs) setFlagsFromString('--expose-gc');
  try {
    const found: unknown = runInNewContext('gc');
    if (typeof found !== 'function') throw new TypeError('no gc');
    return found as Gc;
  } finally {
    if (isOurs) setFlagsFromString('--no-expose-gc');
  }
}
