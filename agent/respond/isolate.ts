/**
 * Runs what must not harm anybody else: what it throws or rejects with ends here, and after its time it is told to stop and waited for
 * no longer. What blocks the event loop cannot be stopped.
 */

export type Ending<T> =
  | { readonly kind: 'returned'; readonly value: T }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'overran' }
  | { readonly kind: 'stopped' };

export interface IsolateParts<T> {
  run(signal: AbortSignal): T | PromiseLike<T>;
  readonly timeMs: number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  /** It has really ended, which may be long after its time was over, or never. */
  onSettled(): void;
  /** Once, before this function returns where nothing has to be waited for. */
  onEnd(ending: Ending<T>): void;
}

/** Answers what stops it. */
export function isolate<T>({ run, timeMs, setTimer, onSettled, onEnd }: IsolateParts<T>): () => void {
  const abort = new AbortController();
  let isOpen = true;
  const cancelTimer = setTimer(() => end({ kind: 'overran' }), timeMs);

  function end(ending: Ending<T>): void {
    if (!isOpen) return;
    isOpen = false;
    cancelTimer();
    if (ending.kind === 'overran' || ending.kind === 'stopped') abort.abort();
    onEnd(ending);
  }

  function settle(ending: Ending<T>): void {
    onSettled();
    end(ending);
  }

  function stop(): void {
    end({ kind: 'stopped' });
  }

  let ending: Ending<T>;
  try {
    const result = run(abort.signal);
    if (isThenable(result)) {
      result.then(
        (value) => settle({ kind: 'returned', value }),
        (error: unknown) => settle({ kind: 'threw', error }),
      );
      return stop;
    }
    ending = { kind: 'returned', value: result };
  } catch (error) {
    ending = { kind: 'threw', error };
  }
  settle(ending);
  return stop;
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
