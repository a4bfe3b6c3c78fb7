import type { WorkerThread, WorkerThreads } from './model/worker-threads.ts';

/** What Node.js emits on `process` for each `new Worker()` of this thread, in a tick of its own right after it. */
const EVENT = 'worker';

export interface FollowedWorkers {
  readonly threads: WorkerThreads;
  stop(): void;
}

/**
 * From the preload on, since pools are made in the application's first turn. Loads nothing, and adds no listener to a worker.
 * The listener keeps nothing alive and hides nothing: Node.js does with this event what it does without a listener.
 */
export function followWorkers(): FollowedWorkers {
  const threads: WorkerThreads = { alive: new Set(), onAdded() {} };

  function add(worker: unknown): void {
    for (const other of threads.alive) if (other.threadId === -1) threads.alive.delete(other);
    if (!isWorkerThread(worker)) return;
    threads.alive.add(worker);
    threads.onAdded();
  }

  process.on(EVENT, add);
  return {
    threads,
    stop() {
      process.off(EVENT, add);
      threads.alive.clear();
    },
  };
}

/** Anybody may emit an event of this name. */
function isWorkerThread(value: unknown): value is WorkerThread {
  return typeof value === 'object' && value !== null && 'threadId' in value && typeof value.threadId === 'number';
}
