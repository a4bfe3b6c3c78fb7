import type { Trend } from '../model/handle.ts';
import { RESOLUTIONS, type HistoryRow, type Window } from '../model/window.ts';

/** What the window says about the last minutes. Times are monotonic ms. */

const TREND_MS = 60_000;
/** Noise of ±2 % on a minute of samples makes a slope of less than half of this. */
const STEADY_PER_MINUTE = 0.02;
/** A line through fewer points says nothing. */
const ENOUGH_ROWS = 5;

const STEADY: Trend = { direction: 'steady', pressurePerMinute: 0, bytesPerSecond: 0 };

type Reading = Pick<Window, 'rows'>;

/**
 * Mean pressure of the last `ms`, from the finest resolution that reaches back so far; 0 when there is no sample.
 * A row holds the peak of its interval, so over hours this is a mean of peaks.
 */
export function averagePressure(window: Reading, ms: number, nowMs: number): number {
  const fitting = RESOLUTIONS.find(({ intervalMs, rows }) => intervalMs * rows >= ms);
  const rows = window.rows(fitting?.name ?? '60s', nowMs - ms);
  let sum = 0;
  for (const { pressureRatio = 0 } of rows) sum += pressureRatio;
  return rows.length === 0 ? 0 : sum / rows.length;
}

/** The last minute's slope of pressure and, since its constraint became the binding one, of the binding use. */
export function trend(window: Reading, nowMs: number): Trend {
  const rows = window.rows('1s', nowMs - TREND_MS);
  const last = rows.at(-1);
  if (last === undefined) return STEADY;
  const sameBinding = rows.slice(rows.findLastIndex((row) => row.bindingConstraint !== last.bindingConstraint) + 1);
  const pressurePerMinute = slopePerMs(rows, 'pressureRatio') * 60_000;
  return {
    direction: directionOf(pressurePerMinute),
    pressurePerMinute,
    // Headroom shrinks as fast as use grows, and is the one number of the binding constraint that the window has.
    bytesPerSecond: 0 - slopePerMs(sameBinding, 'headroomBytes') * 1000,
  };
}

function directionOf(pressurePerMinute: number): Trend['direction'] {
  if (pressurePerMinute >= STEADY_PER_MINUTE) return 'rising';
  return pressurePerMinute <= -STEADY_PER_MINUTE ? 'falling' : 'steady';
}

/** Least squares; 0 with too few points. */
function slopePerMs(rows: readonly HistoryRow[], column: 'pressureRatio' | 'headroomBytes'): number {
  const points: { readonly ms: number; readonly value: number }[] = [];
  for (const { monotonicMs: ms, [column]: value } of rows) {
    if (ms !== undefined && value !== undefined) points.push({ ms, value });
  }
  if (points.length < ENOUGH_ROWS) return 0;
  const meanMs = mean(points.map(({ ms }) => ms));
  const meanValue = mean(points.map(({ value }) => value));
  let cross = 0;
  let square = 0;
  for (const { ms, value } of points) {
    cross += (ms - meanMs) * (value - meanValue);
    square += (ms - meanMs) ** 2;
  }
  return cross / square;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
