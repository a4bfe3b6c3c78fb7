/**
 * V8 compiles hot functions in a thread, and when that thread needs a garbage collection it waits for the main thread to make one. A main thread
 * that is in `process.exit()` makes none: it waits for the thread, and the process hangs for ever (Node.js 22 to 26, stacks seen in
 * WorkerThreadsTaskRunner::Shutdown and CollectionBarrier::AwaitCollectionBackground). The agent's own functions get hot when its pace
 * quickens near a limit, so after a tick it gives their compilation the time to end: each return to JavaScript makes the collection
 * that is asked for.
 */
const SLICE_MS = 1;
const SLICES = 10;
/** A compilation that a tick has caused is over after this long. */
export const COMPILING_MS = 20;

export function pauseForCompilation(): void {
  try {
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (let slice = 0; slice < SLICES; slice++) Atomics.wait(never, 0, 0, SLICE_MS);
  } catch {
    // an application may have taken SharedArrayBuffer away
  }
}
