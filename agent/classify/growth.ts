import type { Constraint } from '../model/constraint.ts';

/**
 * How fast a use grows: least squares over (time, bytes) in which older points count less, kept as running moments, so
 * that a point costs the same however long the past is. The update is the weighted form of Welford's
 * (West 1979, Updating mean and variance estimates).
 */
export interface Growth {
  readonly lastMs: number;
  readonly lastBytes: number;
  /** Points so far, each faded by its age. */
  readonly points: number;
  /** Sum of the faded weights, and the weighted means and central moments. */
  readonly weight: number;
  readonly meanMs: number;
  readonly meanBytes: number;
  readonly timeMoment: number;
  readonly crossMoment: number;
  readonly bytesMoment: number;
}

/** Time in which a point fades to 1/e: long enough to see over a sawtooth of seconds. */
const FADE_MS = 30_000;
/** The heap has one point per major collection, seconds to minutes apart. */
const HEAP_FADE_MS = 300_000;
/** Without a collection for so long the old generation hardly grows: V8 collects half-way to the limit at the latest. */
const HEAP_STALE_MS = 600_000;
/** Below so many (faded) points a line through them says nothing. */
const ENOUGH_POINTS = 4;
/** Part of the limit, and standard deviations of the past, by which a point must miss the line to start a new one. */
const BREAK_RATIO = 0.02;
const BREAK_SIGMAS = 3;
/** Share of the variance that the line explains; noise and a steady sawtooth stay below. */
const SIGNIFICANT_R2 = 0.7;
/** Growth that would take longer than this to fill the whole limit cannot be told from noise within FADE_MS. */
const SLOWEST_FILL_SECONDS = 6 * 3600;

/**
 * Takes one more point; NaN is none. A sample weighs the seconds it stands for (at most 1), so that the pace of sampling does not
 * shift the answer; a point of the heap is a new live set and weighs 1. A point far off the line ends the past: after a
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
  if (before === undefined) return firstPoint(atMs, bytes);
  const isHeap = constraint === 'heap';
  const elapsedMs = atMs - before.lastMs;
  if (elapsedMs <= 0 || (isHeap && bytes === before.lastBytes)) return before;
  if (missesLine(before, atMs, bytes, limitBytes)) return firstPoint(atMs, bytes);

  const fade = Math.exp(-elapsedMs / (isHeap ? HEAP_FADE_MS : FADE_MS));
  const pointWeight = isHeap ? 1 : Math.min(1, elapsedMs / 1000);
  const oldWeight = fade * before.weight;
  const weight = oldWeight + pointWeight;
  const share = pointWeight / weight;
  const ms = atMs - before.meanMs;
  const offBytes = bytes - before.meanBytes;
  return {
    lastMs: atMs,
    lastBytes: bytes,
    points: fade * before.points + 1,
    weight,
    meanMs: before.meanMs + share * ms,
    meanBytes: before.meanBytes + share * offBytes,
    timeMoment: fade * before.timeMoment + oldWeight * share * ms * ms,
    crossMoment: fade * before.crossMoment + oldWeight * share * ms * offBytes,
    bytesMoment: fade * before.bytesMoment + oldWeight * share * offBytes * offBytes,
  };
}

function firstPoint(atMs: number, bytes: number): Growth {
  return {
    lastMs: atMs,
    lastBytes: bytes,
    points: 1,
    weight: 1,
    meanMs: atMs,
    meanBytes: bytes,
    timeMoment: 0,
    crossMoment: 0,
    bytesMoment: 0,
  };
}

function missesLine(past: Growth, atMs: number, bytes: number, limitBytes: number): boolean {
  if (past.points < ENOUGH_POINTS) return false;
  const slope = past.crossMoment / past.timeMoment;
  const miss = bytes - (past.meanBytes + slope * (atMs - past.meanMs));
  const variance = Math.max(0, past.bytesMoment - slope * past.crossMoment) / past.weight;
  return Math.abs(miss) > Math.max(BREAK_RATIO * limitBytes, BREAK_SIGMAS * Math.sqrt(variance));
}

/** Slope of the line, bytes/s; 0 until there are enough points, and for a heap that has not collected for long. */
export function growthBytesPerSecond(growth: Growth | undefined, atMs: number): number {
  if (growth === undefined || growth.points < ENOUGH_POINTS || atMs - growth.lastMs > HEAP_STALE_MS) return 0;
  return (growth.crossMoment / growth.timeMoment) * 1000;
}

/** headroom ÷ growth, s; undefined unless the growth is positive, steep enough to matter and explains the points. */
export function timeToLimitSeconds(
  growth: Growth | undefined,
  bytesPerSecond: number,
  limitBytes: number,
  headroomBytes: number,
): number | undefined {
  if (growth === undefined || bytesPerSecond < limitBytes / SLOWEST_FILL_SECONDS) return undefined;
  const explained = (growth.crossMoment * growth.crossMoment) / (growth.timeMoment * growth.bytesMoment);
  return explained >= SIGNIFICANT_R2 ? Math.max(0, headroomBytes) / bytesPerSecond : undefined;
}
