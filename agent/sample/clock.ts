/** The only place where the sampler meets time; tests hand in their own. */
export interface Clock {
  /** ms since the epoch. */
  wallMs(): number;
  /** Monotonic, ms. */
  monotonicMs(): number;
  /** One shot; never keeps the process alive. Returns what cancels it. */
  setTimer(callback: () => void, ms: number): () => void;
  createRepeatedTimer(callback: () => void): RepeatedTimer;
}

/** A timer that is set again and again: with the same delay as before it allocates nothing. */
export interface RepeatedTimer {
  /** Replaces what was set before. */
  set(ms: number): void;
  cancel(): void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  createRepeatedTimer(callback) {
    let timer: NodeJS.Timeout | undefined;
    let timerMs = 0;
    return {
      set(ms) {
        if (timer !== undefined && ms === timerMs) {
          timer.refresh();
          return;
        }
        clearTimeout(timer);
        timer = setTimeout(callback, ms);
        timer.unref();
        timerMs = ms;
      },
      cancel() {
        clearTimeout(timer);
        timer = undefined;
      },
    };
  },
};

/**
 * As setTimer, counted from the end of this turn of the event loop: a long first turn must not eat up the delay.
 * Not by setImmediate: an unref'd one waits until some timer of the application ends the loop's sleep.
 */
export function afterTurn(callback: () => void, ms: number): () => void {
  let cancel = systemClock.setTimer(() => {
    cancel = systemClock.setTimer(callback, ms);
  }, 1);
  return () => cancel();
}

/** Gives the loop back between two steps of a longer work. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resume) => {
    clock.setTimer(resume, ms);
  });
}

/** Keeps the process alive until it is released: only for what the application itself waits for. */
export function holdOpen(): () => void {
  const timer = setInterval(() => {}, 2 ** 30);
  return () => clearInterval(timer);
}
