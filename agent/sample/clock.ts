/** The only place where the sampler meets time; tests hand in their own. */
export interface Clock {
  /** ms since the epoch. */
  wallMs(): number;
  /** Monotonic, ms. */
  monotonicMs(): number;
  /** One shot; never keeps the process alive. Returns what cancels it. */
  setTimer(callback: () => void, ms: number): () => void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
