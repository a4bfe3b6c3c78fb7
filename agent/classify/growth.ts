import type { Constraint } from '../model/constraint.ts';

/**
 * How fast a use grows: least squares over (time, bytes) in which older points count less, kept as running moments, so
 * that a point costs the same however long the past is. The update is the weighted form of Welford's
 * (West 1979, Updating mean and variance estimates). A tuple: in memory half of an object of as many fractions.
 */
export type Growth = readonly [
  lastMs: number,
  lastBytes: number,
  /** Points so far, each faded by its age, and their means and central moments. */
  points: number,
  meanMs: number,
  meanBytes: number,
  timeMoment: number,
  crossMoment: number,
  bytesMoment: number,
  /** By how much the point that started this line missed the one before; faded. */
  roughBytes: number,
];

/** undefined where the constraint is absent. */
export type Growths = Readonly<Record<Constraint, Growth | undefined>>;

export const NO_GROWTHS: Growths = {
  heap: undefined,
  container: undefined,
  budget: undefined,
  throttle: undefined,
  host: undefined,
  worker: undefined,
};

const LAST_MS = 0;
const LAST_BYTES = 1;
const POINTS = 2;
const MEAN_MS = 3;
const MEAN_BYTES = 4;
const TIME_MOMENT = 5;
const CROSS_MOMENT = 6;
const BYTES_MOMENT = 7;
const ROUGH_BYTES = 8;

/** Time in which a point fades to 1/e: long enough to see over a sawtooth of seconds. */
const FADE_MS = 30_000;
/** The heap has one point per major collection, seconds to minutes apart. */
const HEAP_FADE_MS = 300_000;
/** Without a collection for so long the old generation hardly grows: V8 collects half-way to the limit at the latest. */
const HEAP_STALE_MS = 600_000;
/** Below so many (faded) points a line through them says nothing. */
const ENOUGH_POINTS = 4;
/**
 * A point starts a new line when it misses the old one by this part of the limit, and by so many standard deviations of
 * the past, and by so many times the miss that started it: the second tooth of a sawtooth is no news.
 */
const BREAK_RATIO = 0.02;
const BREAK_TIMES = 3;
/** Share of the variance that the line explains; noise and a steady sawtooth stay below. */
const SIGNIFICANT_R2 = 0.7;
/** Growth that would take longer than this to fill the whole limit cannot be told from noise within FADE_MS. */
const SLOWEST_FILL_SECONDS = 6 * 3600;

/**
 * Takes one more point; NaN is none. A point of the heap is a new live set. Samples
 * taken close together near a limit weigh more by their number: the answer follows them sooner. A point far off the line ends the past: after a
 * jump or an eviction the old slope would be a lie for the next minute.
 */
export function observeGrowth(
  before: Growth | undefined,
  constraint: Constraint,
  atMs: number,
  bytes: number,
  limitBytes: number,
): Growth | undefined {
  if (Number.isNaN(bytes)) return before;
  if (before === undefined) return firstPoint(atMs, bytes, 0);
  const isHeap = constraint === 'heap';
  const elapsedMs = atMs - before[LAST_MS];
  if (elapsedMs <= 0 || (isHeap && bytes === before[LAST_BYTES])) return before;
  const missBytes = missOfLine(before, atMs, bytes);
  if (missBytes > BREAK_RATIO * limitBytes && missBytes > BREAK_TIMES * spreadBytes(before)) {
    return firstPoint(atMs, bytes, missBytes);
  }

  const fade = Math.exp(-elapsedMs / (isHeap ? HEAP_FADE_MS : FADE_MS));
  const faded = fade * before[POINTS];
  const points = faded + 1;
  const ms = atMs - before[MEAN_MS];
  const offBytes = bytes - before[MEAN_BYTES];
  const share = faded / points;
  return [
    atMs,
    bytes,
    points,
    before[MEAN_MS] + ms / points,
    before[MEAN_BYTES] + offBytes / points,
    fade * before[TIME_MOMENT] + share * ms * ms,
    fade * before[CROSS_MOMENT] + share * ms * offBytes,
    fade * before[BYTES_MOMENT] + share * offBytes * offBytes,
    fade * before[ROUGH_BYTES],
  ];
}

function firstPoint(atMs: number, bytes: number, roughBytes: number): Growth {
  return [atMs, bytes, 1, atMs, bytes, 0, 0, 0, roughBytes];
}

/** How far a point is off the line; 0 while there is none. */
function missOfLine(past: Growth, atMs: number, bytes: number): number {
  if (past[POINTS] < ENOUGH_POINTS) return 0;
  const slope = past[CROSS_MOMENT] / past[TIME_MOMENT];
  return Math.abs(bytes - (past[MEAN_BYTES] + slope * (atMs - past[MEAN_MS])));
}

/** The standard deviation of the points around their line, or the miss that started it when that was more. */
function spreadBytes(past: Growth): number {
  const explained = (past[CROSS_MOMENT] * past[CROSS_MOMENT]) / past[TIME_MOMENT];
  return Math.max(past[ROUGH_BYTES], Math.sqrt(Math.max(0, past[BYTES_MOMENT] - explained) / past[POINTS]));
}

/** Slope of the line, bytes/s; 0 until there are enough points, and for a heap that has not collected for long. */
export function growthBytesPerSecond(growth: Growth | undefined, atMs: number): number {
  if (growth === undefined || growth[POINTS] < ENOUGH_POINTS || atMs - growth[LAST_MS] > HEAP_STALE_MS) return 0;
  return (growth[CROSS_MOMENT] / growth[TIME_MOMENT]) * 1000;
}

/** headroom ÷ growth, s; undefined unless the growth is positive, steep enough to matter and explains the points. */
export function timeToLimitSeconds(
  growth: Growth | undefined,
  bytesPerSecond: number,
  limitBytes: number,
  headroomBytes: number,
): number | undefined {
  if (growth === undefined || bytesPerSecond < limitBytes / SLOWEST_FILL_SECONDS) return undefined;
  const explained = (growth[CROSS_MOMENT] * growth[CROSS_MOMENT]) / (growth[TIME_MOMENT] * growth[BYTES_MOMENT]);
  return explained >= SIGNIFICANT_R2 ? Math.max(0, headroomBytes) / bytesPerSecond : undefined;
}
