/** What is used of a `Worker` of node:worker_threads, from the thread that made it. */
export interface WorkerThread {
  /** −1 once it has ended. */
  readonly threadId: number;
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number | undefined } | undefined;
  /** Node.js 22.16, 24 and newer. Rejects while the thread is starting and when it has ended; may never settle. */
  getHeapStatistics?(): Promise<{
    readonly used_heap_size: number;
    readonly total_heap_size: number;
    readonly heap_size_limit: number;
  }>;
}

/** The worker threads of this process, followed from the application's first line on. */
export interface WorkerThreads {
  /** Ended ones may be among them until somebody looks. */
  readonly alive: Set<WorkerThread>;
  /** Called when one was added. */
  onAdded: () => void;
}
