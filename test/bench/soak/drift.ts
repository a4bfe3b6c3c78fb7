/** Figures over time as a drift. */
import { median } from '../overhead/report.ts';

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

export interface Drift {
  /** Medians: one odd reading is no drift. */
  readonly firstQuarter: number;
  readonly lastQuarter: number;
  /** By least squares over all points. */
  readonly perHour: number;
}

const HOUR_MS = 3_600_000;

/** NaN of fewer than four points. */
export function driftOf(points: readonly Point[]): Drift {
  const quarter = Math.floor(points.length / 4);
  if (quarter === 0) return { firstQuarter: Number.NaN, lastQuarter: Number.NaN, perHour: Number.NaN };
  const valuesOf = (some: readonly Point[]): number[] => some.map(({ value }) => value);
  return {
    firstQuarter: median(valuesOf(points.slice(0, quarter))),
    lastQuarter: median(valuesOf(points.slice(-quarter))),
    perHour: slope(points) * HOUR_MS,
  };
}

/** Per ms. */
function slope(points: readonly Point[]): number {
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanMs = meanOf(points.map(({ atMs }) => atMs));
  const meanValue = meanOf(points.map(({ value }) => value));
  let cross = 0;
  let square = 0;
  for (const { atMs, value } of points) {
    cross += (atMs - meanMs) * (value - meanValue);
    square += (atMs - meanMs) ** 2;
  }
  return cross / square;
}
