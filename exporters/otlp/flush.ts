import type { How } from './send.ts';

/**
 * The last export, when the application has nothing left to do. It is made only where the export before was answered fast, and the process
 * waits half a second for it at most. An application that listens for its own end gets none: its listener would be called twice.
 */
export interface Flush {
  /** How the latest export went. */
  learn(isTaken: boolean, tookMs: number): void;
  close(): void;
}

const FAST_MS = 250;
const HOLD_MS = 500;

export function createFlush(send: (how: How) => Promise<void>): Flush {
  let isWorthIt = false;
  let listens = false;
  let done = false;

  function onBeforeExit(): void {
    if (done || !isWorthIt || process.listenerCount('beforeExit') > 1) return;
    done = true;
    void send({ timeoutMs: HOLD_MS / 2, holdsProcess: true });
  }

  return {
    learn(isTaken, tookMs) {
      isWorthIt = isTaken && tookMs < FAST_MS;
      if (!isWorthIt || listens) return;
      listens = true;
      process.on('beforeExit', onBeforeExit);
    },
    close() {
      process.off('beforeExit', onBeforeExit);
    },
  };
}
