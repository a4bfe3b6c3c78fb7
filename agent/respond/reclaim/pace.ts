/** Gives the event loop back again and again during a longer work, and notes how long it was held up at most. */

/** Leaves room for one slow entry within the 10 ms that an eviction may hold up the loop. */
const SLICE_MS = 4;
const REST_MS = 1;

export interface Pace {
  isOver(): boolean;
  /** Gives the loop back. */
  rest(): Promise<void>;
  /** What follows is waited for and does not hold up the loop. */
  pause(): void;
  resume(): void;
  longestMs(): number;
}

export interface PaceParts {
  monotonicMs(): number;
  setTimer(callback: () => void, ms: number): () => void;
}

export function createPace({ monotonicMs, setTimer }: PaceParts): Pace {
  let startMs = monotonicMs();
  let longestMs = 0;

  function pause(): void {
    longestMs = Math.max(longestMs, monotonicMs() - startMs);
  }

  function resume(): void {
    startMs = monotonicMs();
  }

  return {
    isOver: () => monotonicMs() - startMs >= SLICE_MS,
    async rest() {
      pause();
      await new Promise<void>((resolve) => {
        setTimer(resolve, REST_MS);
      });
      resume();
    },
    pause,
    resume,
    longestMs: () => longestMs,
  };
}
