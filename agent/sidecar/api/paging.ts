/** Pages of what is sorted by time. A cursor is a time, and how many of exactly that time were seen: it stays right while others come and go. */
import { whole, type Parameter } from './parameters.ts';

export const MOST_A_PAGE = 1000;

export interface Cursor {
  readonly wallMs: number;
  readonly skip: number;
}

export const cursor: Parameter<Cursor | undefined> = {
  doc: '`next` of the page before.',
  allowed: '`next` of the page before',
  schema: { type: 'string' },
  otherwise: undefined,
  parse(value) {
    const [, wallMs, skip] = (typeof value === 'string' ? /^(\d{1,16})\.(\d{1,4})$/.exec(value) : null) ?? [];
    return wallMs === undefined ? undefined : { wallMs: Number(wallMs), skip: Number(skip) };
  },
};

export function limit(otherwise: number): Parameter<number> {
  return whole({ min: 1, max: MOST_A_PAGE }, otherwise, 'Most entries of the page.');
}

export interface Page<T> {
  readonly next: string | null;
  readonly entries: readonly T[];
}

/** `sorted` in the order that it is answered in; what comes before the cursor is passed over. */
export function pageOf<T>(
  sorted: readonly T[],
  wallMsOf: (entry: T) => number,
  isNewestFirst: boolean,
  from: Cursor | undefined,
  most: number,
): Page<T> {
  const rest = from === undefined ? sorted : after(sorted, wallMsOf, isNewestFirst, from);
  const entries = rest.slice(0, most);
  const last = entries.at(-1);
  if (rest.length <= most || last === undefined) return { next: null, entries };
  const wallMs = wallMsOf(last);
  const ofThatTime = entries.filter((entry) => wallMsOf(entry) === wallMs).length;
  const skip = from?.wallMs === wallMs ? from.skip + ofThatTime : ofThatTime;
  return { next: `${wallMs}.${skip}`, entries };
}

function after<T>(
  sorted: readonly T[],
  wallMsOf: (entry: T) => number,
  isNewestFirst: boolean,
  from: Cursor,
): readonly T[] {
  const start = sorted.findIndex((entry) =>
    isNewestFirst ? wallMsOf(entry) <= from.wallMs : wallMsOf(entry) >= from.wallMs,
  );
  if (start < 0) return [];
  const seen = sorted.slice(start, start + from.skip).filter((entry) => wallMsOf(entry) === from.wallMs).length;
  return sorted.slice(start + seen);
}
