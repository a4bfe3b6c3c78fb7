/** Asks one cache or reclaimer for bytes, and survives whatever it does. */
import type { FollowedCache } from '../../model/cache.ts';
import type { LevelName } from '../../model/level.ts';
import { whyOf } from '../../model/problem.ts';
import type { Reclaimer } from '../../model/reclaim.ts';
import type { Pace } from './pace.ts';

/** Time a reclaimer has for its answer, ms: a part of the 10 s that a whole reclaim has. */
export const RECLAIMER_MS = 2_000;

export interface Answer {
  readonly promisedBytes: number;
  /** Empty: nothing went wrong. */
  readonly trouble: string;
}

/** In slices, until it promised enough, has nothing left, or the reclaim is over. */
export async function askCache(
  cache: FollowedCache,
  askedBytes: number,
  pace: Pace,
  isOver: () => boolean,
): Promise<Answer> {
  let promisedBytes = 0;
  try {
    while (promisedBytes < askedBytes && !isOver()) {
      if (pace.isOver()) await pace.rest();
      const { entries, bytes } = cache.evict(askedBytes - promisedBytes, pace.isOver);
      // one that is longer than a slice with its first entry has something left still
      if (entries <= 0) break;
      if (!isBytes(bytes) || bytes === 0) {
        return { promisedBytes, trouble: `says that ${entries} of its entries hold ${bytes} bytes` };
      }
      promisedBytes += bytes;
    }
  } catch (error) {
    return { promisedBytes, trouble: `threw: ${whyOf(error)}` };
  }
  return { promisedBytes, trouble: '' };
}

export interface AskReclaimerParts {
  readonly level: LevelName;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Nothing can promise more than the process holds. */
  readonly mostBytes: number;
  setTimer(callback: () => void, ms: number): () => void;
  /** It is done: its answer is there, or its promise has really ended, maybe long after its time. */
  onSettled(): void;
}

export async function askReclaimer(
  reclaimer: Reclaimer,
  askedBytes: number,
  { level, pace, signal, mostBytes, setTimer, onSettled }: AskReclaimerParts,
): Promise<Answer> {
  if (pace.isOver()) await pace.rest();
  const abort = new AbortController();
  const endTime = (): void => abort.abort();
  signal.addEventListener('abort', endTime, { once: true });
  const cancelTimer = setTimer(endTime, RECLAIMER_MS);
  let isOpen = false;
  try {
    const answer: unknown = reclaimer.reclaim({ targetBytes: Math.round(askedBytes), level, signal: abort.signal });
    if (!isThenable(answer)) return judge(answer, mostBytes);
    isOpen = true;
    pace.pause();
    const promised = await Promise.race([settled(answer, onSettled), aborted(abort.signal)]);
    pace.resume();
    if (promised !== LATE) return judge(promised, mostBytes);
    return { promisedBytes: 0, trouble: `did not answer within ${RECLAIMER_MS} ms` };
  } catch (error) {
    pace.resume();
    return { promisedBytes: 0, trouble: `threw: ${whyOf(error)}` };
  } finally {
    // who answers or throws at once has no promise that ends later
    if (!isOpen) onSettled();
    cancelTimer();
    signal.removeEventListener('abort', endTime);
  }
}

const LATE = Symbol('late');

function settled(answer: PromiseLike<unknown>, onSettled: () => void): Promise<unknown> {
  return Promise.resolve(answer).finally(onSettled);
}

function aborted(signal: AbortSignal): Promise<typeof LATE> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(LATE);
    else signal.addEventListener('abort', () => resolve(LATE), { once: true });
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function judge(promised: unknown, mostBytes: number): Answer {
  if (typeof promised === 'number' && isBytes(promised) && promised <= mostBytes) {
    return { promisedBytes: promised, trouble: '' };
  }
  return { promisedBytes: 0, trouble: `promised ${describe(promised)} of at most ${Math.round(mostBytes)} bytes` };
}

function isBytes(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
}
