/**
 * The worker thread of this process that is fullest against its own limit, asked from the thread that made it. A worker answers
 * in between two instructions of its own program, however busy it is, but not during a collection; Buffers are not in its limit.
 * Not seen: what a worker's own workers use.
 */
import { FASTEST_GROWTH_BYTES_PER_MS, HEAP_CURRENT_COUNTS_FROM } from '../../agent/model/policy.ts';
import { COL, type ReadingName } from '../../agent/model/row.ts';
import type { Source, Unavailable, World } from '../../agent/model/source.ts';
import type { WorkerThread, WorkerThreads } from '../../agent/model/worker-threads.ts';
import { parseHeapFlags } from './old-generation-limit.ts';
import { createWorkerUse, type HeapReading, type WorkerUse } from './worker-use.ts';

export interface WorkerThreadsParts {
  readonly threads: WorkerThreads;
  /** The old generation's limit of the main thread. */
  readonly mainLimitBytes: number;
  /** Never keeps the process alive; returns what cancels it. */
  setTimer(callback: () => void, ms: number): () => void;
}

const NO_THREADS: WorkerThreadsParts = {
  threads: { alive: new Set(), onAdded() {} },
  mainLimitBytes: Number.NaN,
  setTimer: () => () => {},
};

const READINGS = [
  'workerThreadId',
  'workerUsedBytes',
  'workerSteadyUsedBytes',
  'workerOldLimitBytes',
] as const satisfies readonly ReadingName[];

const MIB = 2 ** 20;
/** From this part of its limit on a worker is asked often: what collections take must be seen apart from growth. */
const NEAR_RATIO = 0.8;
/** Times the number of workers that are near; 64 MB fill from there to the limit in 130 ms at 100 MB/s. */
const NEAR_MS = 10;
const FAR_MIN_MS = 50;
const FAR_MAX_MS = 1000;
/** Keeps many workers at 200 requests a second. One takes 60 µs of this thread and a busy worker together. */
const MOVING_MS_A_WORKER = 5;
/** To ask a worker that sleeps wakes it, up to 500 µs. */
const RESTING_MS_A_WORKER = 50;
/** A worker whose use changes by less rests: it is asked so often that growth of 100 MB/s is still seen coming. */
const RESTING_BYTES_PER_MS = 1000;
const FROM_REST_BYTES_PER_MS = 100_000;
/** A worker that has not come up yet, or is about to end, refuses. */
const REFUSED_MS = 20;
/** A rise by this part of the limit is worth a sample of its own. */
const MOVED_RATIO = 0.02;

interface Followed {
  readonly worker: WorkerThread;
  /** Undefined until it answered and said its limit. */
  use: { readonly of: WorkerUse; readonly limitBytes: number } | undefined;
  asked: boolean;
  answeredMs: number;
  dueMs: number;
}

export function createWorkerThreadsSource(world: World, parts: WorkerThreadsParts = NO_THREADS): Source {
  const { threads, setTimer } = parts;
  const followed = new Map<WorkerThread, Followed>();
  const flaggedLimitBytes = hasHeapFlag(world) ? parts.mainLimitBytes : undefined;
  let cancelTimer = (): void => {};
  /** Ratio of the fullest in the newest sample. */
  let shownRatio = 0;
  let isSupported = true;
  let isOpen = true;

  function look(): void {
    cancelTimer();
    if (!isOpen || !isSupported) return;
    forgetEnded();
    for (const worker of threads.alive) {
      const known = followed.get(worker);
      if (known === undefined) follow(worker);
      else if (!known.asked && known.dueMs <= world.monotonicMs()) ask(known);
    }
    lookAgain();
  }

  function forgetEnded(): void {
    for (const worker of threads.alive) if (worker.threadId === -1) threads.alive.delete(worker);
    for (const worker of followed.keys()) if (!threads.alive.has(worker)) followed.delete(worker);
  }

  function follow(worker: WorkerThread): void {
    const one: Followed = { worker, use: undefined, asked: false, answeredMs: 0, dueMs: 0 };
    followed.set(worker, one);
    ask(one);
  }

  function ask(one: Followed): void {
    const { worker } = one;
    if (worker.getHeapStatistics === undefined) {
      isSupported = false;
      return;
    }
    one.asked = true;
    // whatever happens, nothing of it becomes an unhandled rejection of the application
    worker
      .getHeapStatistics()
      .then(
        (heap) => observe(one, heap),
        () => noteRefusal(one),
      )
      .catch(close);
  }

  function noteRefusal(one: Followed): void {
    one.asked = false;
    one.dueMs = world.monotonicMs() + REFUSED_MS;
    lookAgain();
  }

  function observe(one: Followed, heap: HeapReading): void {
    one.asked = false;
    if (!isOpen || one.worker.threadId === -1) return;
    const nowMs = world.monotonicMs();
    one.use ??= useOf(one.worker, heap.heap_size_limit);
    const movedBytes = Math.abs(heap.used_heap_size - (one.use?.of.usedBytes() ?? 0));
    const isResting = movedBytes < RESTING_BYTES_PER_MS * (nowMs - one.answeredMs);
    one.use?.of.observe(heap, nowMs);
    one.answeredMs = nowMs;
    one.dueMs = nowMs + untilNextMs(one, isResting);
    lookAgain();
    if (ratioOf(one) >= shownRatio + MOVED_RATIO) world.requestSample();
  }

  function useOf({ resourceLimits }: WorkerThread, heapSizeLimitBytes: number): Followed['use'] {
    const ownBytes = (resourceLimits?.maxOldGenerationSizeMb ?? 0) * MIB;
    const limitBytes = Math.min(flaggedLimitBytes ?? ownBytes, heapSizeLimitBytes);
    return limitBytes > 0 ? { of: createWorkerUse(limitBytes), limitBytes } : undefined;
  }

  function untilNextMs({ use }: Followed, isResting: boolean): number {
    if (use === undefined) return FAR_MAX_MS;
    const usedBytes = use.of.usedBytes();
    const near = isNear(use) ? [...followed.values()].filter((other) => isNear(other.use)).length : 0;
    if (near > 0 && !isResting) return NEAR_MS * near;
    if (near > 0) return Math.max(NEAR_MS * near, (use.limitBytes - usedBytes) / 2 / FROM_REST_BYTES_PER_MS);
    const untilNearMs =
      (NEAR_RATIO * use.limitBytes - usedBytes) / (isResting ? FROM_REST_BYTES_PER_MS : FASTEST_GROWTH_BYTES_PER_MS);
    const sharedMs = followed.size * (isResting ? RESTING_MS_A_WORKER : MOVING_MS_A_WORKER);
    return Math.max(FAR_MIN_MS, sharedMs, Math.min(FAR_MAX_MS, untilNearMs));
  }

  function lookAgain(): void {
    cancelTimer();
    let dueMs = Infinity;
    for (const one of followed.values()) if (!one.asked) dueMs = Math.min(dueMs, one.dueMs);
    if (isOpen && dueMs < Infinity) cancelTimer = setTimer(look, Math.max(1, dueMs - world.monotonicMs()));
  }

  function fullest(): Followed | undefined {
    let found: Followed | undefined;
    for (const one of followed.values()) {
      if (one.use !== undefined && (found === undefined || ratioOf(one) > ratioOf(found))) found = one;
    }
    return found;
  }

  function close(): void {
    isOpen = false;
    threads.onAdded = () => {};
    cancelTimer();
    followed.clear();
  }

  threads.onAdded = look;
  look();
  return {
    name: 'worker-threads',
    readings: READINGS,
    read(row) {
      forgetEnded();
      const one = fullest();
      shownRatio = one === undefined ? 0 : ratioOf(one);
      row[COL.workerThreadId] = one?.worker.threadId ?? Number.NaN;
      row[COL.workerUsedBytes] = one?.use?.of.currentBytes() ?? Number.NaN;
      row[COL.workerSteadyUsedBytes] = one?.use?.of.steadyBytes() ?? Number.NaN;
      row[COL.workerOldLimitBytes] = one?.use?.limitBytes ?? Number.NaN;
    },
    unavailable: () => (isSupported || threads.alive.size === 0 ? [] : NOT_SUPPORTED),
    facts: () => ({}),
    close,
  };
}

function isNear(use: Followed['use']): boolean {
  return use !== undefined && use.of.usedBytes() >= NEAR_RATIO * use.limitBytes;
}

/** As the classifier will see it: what the collector cannot take, until the current use is near the limit. */
function ratioOf({ use }: Followed): number {
  if (use === undefined) return 0;
  const currentRatio = use.of.currentBytes() / use.limitBytes;
  return currentRatio >= HEAP_CURRENT_COUNTS_FROM ? currentRatio : use.of.steadyBytes() / use.limitBytes;
}

/**
 * V8's flags are the whole process's: with one of them a worker has the main thread's limit, whatever its `resourceLimits` say and
 * show. Measured: `--max-old-space-size=100` makes it 100 MB in a worker with `maxOldGenerationSizeMb: 64`.
 */
function hasHeapFlag({ execArgv, nodeOptions }: World): boolean {
  const { maxOldSpaceMib, maxHeapMib, hasOldSpacePercentage } = parseHeapFlags(execArgv, nodeOptions);
  return maxOldSpaceMib !== undefined || maxHeapMib !== undefined || hasOldSpacePercentage;
}

const NOT_SUPPORTED: readonly Unavailable[] = READINGS.map((reading) => ({
  source: 'worker-threads',
  reading,
  code: 'unsupported',
  detail: `worker.getHeapStatistics() is missing in Node.js ${process.versions.node}`,
  repair: 'Node.js 22.16 or newer',
}));
