/** Calls into a cache, which is the application's: what it throws stays here, is told once, and it is left alone for a while. */
import { problem, type Problem } from '../../agent/model/problem.ts';

/** Thrown for a cache that was collected: nothing is wrong. */
export const GONE = new Error('the cache is gone');

/** How long a cache that failed is left alone. */
const REST_MS = 10_000;

export interface Care {
  isResting(): boolean;
  /** `otherwise` when it throws, and while it is left alone. */
  attempt<T>(call: () => T, otherwise: T): T;
  /** Told, as far as it is the first; the cache is not left alone. */
  tell(what: string, now: string): void;
}

export function createCare(
  name: string,
  { monotonicMs, onProblem }: { monotonicMs(): number; onProblem(problem: Problem): void },
): Care {
  let restUntilMs = 0;
  let failures = 0;

  function failed(error: unknown): void {
    restUntilMs = monotonicMs() + REST_MS;
    if (++failures === 1) tell(describe(error), `It is left alone for ${REST_MS / 1000} s, each time`);
  }

  function tell(what: string, now: string): void {
    onProblem(problem('PLM_CACHE_FAILED', `cache "${name}" failed (${what}). ${now}; this line is not repeated.`));
  }

  const isResting = (): boolean => failures > 0 && monotonicMs() < restUntilMs;

  return {
    isResting,
    tell,
    attempt(call, otherwise) {
      if (isResting()) return otherwise;
      try {
        return call();
      } catch (error) {
        if (error !== GONE) failed(error);
        return otherwise;
      }
    },
  };
}

/** What is thrown may be anything, and throw again when it is made a text. */
export function describe(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, 200);
  } catch {
    return 'what it threw has no text';
  }
}
