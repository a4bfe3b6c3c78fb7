import { COL, type ColumnName, type Row } from './row.ts';
import type { Snapshot } from './snapshot.ts';

/** How much is exported: `core` is what a person on call needs, `full` what a person investigating wants. */
export type Tier = 'core' | 'full';

/**
 * UCUM, as OpenTelemetry writes it. `1` is for fractions only; a unit in braces is a mere annotation.
 * https://opentelemetry.io/docs/specs/semconv/general/metrics/#instrument-units
 */
export type Unit = 'By' | 's' | '1' | 'By/s' | `{${string}}`;

export type Attributes = Readonly<Record<string, string>>;

/** One series of a number metric, read from the row: the sum of its columns; no series while that is not finite. */
export interface ColumnPoint {
  readonly attributes: Attributes;
  readonly columns: readonly ColumnName[];
  /**
   * `core`: in both tiers. `full`: in `full` only. `core-only`: a sum that `core` shows where `full` shows its parts,
   * so that `sum by (…)` over the attributes it keeps gives the same in both.
   */
  readonly tier: Tier | 'core-only';
  /** Further condition for the series to exist. */
  readonly when: (row: Row) => boolean;
}

export interface NumberPoint {
  readonly attributes: Attributes;
  readonly value: number;
}

export interface HistogramPoint {
  readonly attributes: Attributes;
  readonly count: number;
  readonly sum: number;
  /** Upper bounds, without the last one (+Inf). */
  readonly boundaries: readonly number[];
  /** Per bucket, not accumulated; one more than there are boundaries. */
  readonly counts: readonly number[];
}

interface Described {
  /** OpenTelemetry name: a semantic convention's where one exists, else `plimsoll.*`. */
  readonly name: string;
  readonly unit: Unit;
  readonly description: string;
  /** The same for every process of a container, which exports it once: see `Snapshot.tellsSurroundings`. */
  readonly ofSurroundings?: true;
  /** It outlives every process and is told once for all of them: its series are of no process (B16). */
  readonly ofWorkload?: true;
  /**
   * The value of a series that ended, where exporters have to go on with it (the application's own SDK does): one that raises no alarm.
   * Default 0; a counter stays where it was.
   */
  readonly whenEnded?: number;
}

/** Most metrics: each series is a column, or a sum of columns. */
export interface ColumnMetric extends Described {
  readonly kind: 'gauge' | 'counter' | 'updowncounter';
  readonly points: readonly ColumnPoint[];
}

/** The few that are computed, or read from the facts of a snapshot that are no numbers. */
export interface ComputedMetric extends Described {
  readonly kind: 'gauge' | 'counter' | 'updowncounter';
  /** The smallest tier that has it. */
  readonly tier: Tier;
  compute(snapshot: Snapshot, tier: Tier): readonly NumberPoint[];
}

export interface HistogramMetric extends Described {
  readonly kind: 'histogram';
  computeHistogram(snapshot: Snapshot, tier: Tier): readonly HistogramPoint[];
}

/** "No limit", as the kernel itself writes it in cgroup v1: the largest number of whole pages. */
export const NO_LIMIT_BYTES = 2 ** 63 - 4096;
/** "Not within a lifetime": 31 years. */
export const NEVER_SECONDS = 1e9;

export type NumberMetric = ColumnMetric | ComputedMetric;
export type Metric = NumberMetric | HistogramMetric;

/** Carried by every point: which of the reused slots of the service this process is (`main`, `worker-1`), never a pid. */
export const PROCESS_ATTRIBUTE = 'plimsoll.process';

/**
 * The series of a number metric at this moment. What is unavailable or has no limit (NaN, Infinity) is left out. `origin`: carried by each, where
 * they stand beside those of other services.
 */
export function numberPoints(
  metric: NumberMetric,
  snapshot: Snapshot,
  tier: Tier,
  origin: Attributes = {},
): NumberPoint[] {
  if (metric.ofSurroundings === true && !snapshot.tellsSurroundings) return [];
  return candidates(metric, snapshot, tier)
    .filter(({ value }) => Number.isFinite(value))
    .map(({ attributes, value }) => ({ attributes: identified(attributes, snapshot, origin), value }));
}

export function histogramPoints(
  metric: HistogramMetric,
  snapshot: Snapshot,
  tier: Tier,
  origin: Attributes = {},
): HistogramPoint[] {
  return metric
    .computeHistogram(snapshot, tier)
    .filter(({ count, sum }) => Number.isFinite(count) && Number.isFinite(sum))
    .map(({ attributes, count, sum, boundaries, counts }) => ({
      attributes: identified(attributes, snapshot, origin),
      count,
      sum,
      boundaries,
      counts,
    }));
}

function candidates(metric: NumberMetric, snapshot: Snapshot, tier: Tier): readonly NumberPoint[] {
  if ('points' in metric) return columnPoints(metric.points, snapshot.row, tier);
  return isIn(metric.tier, tier) ? metric.compute(snapshot, tier) : [];
}

function identified(attributes: Attributes, snapshot: Snapshot, origin: Attributes): Attributes {
  return { ...attributes, ...origin, [PROCESS_ATTRIBUTE]: snapshot.identity.process };
}

function columnPoints(points: readonly ColumnPoint[], row: Row, tier: Tier): NumberPoint[] {
  return points
    .filter((point) => isIn(point.tier, tier) && point.when(row))
    .map(({ attributes, columns }) => ({ attributes, value: sumOf(row, columns) }));
}

function isIn(pointTier: ColumnPoint['tier'], tier: Tier): boolean {
  return pointTier === 'core' || pointTier === (tier === 'core' ? 'core-only' : 'full');
}

/** Unavailable parts are left out; NaN when every part is. */
export function sumOf(row: Row, columns: readonly ColumnName[]): number {
  let sum = Number.NaN;
  for (const column of columns) {
    const value = row[COL[column]];
    if (value !== undefined && !Number.isNaN(value)) sum = Number.isNaN(sum) ? value : sum + value;
  }
  return sum;
}

/** Where names run out of room; the rest is counted under this one. */
export const OTHER = '_other';

/**
 * Sums per name, at most `max` of them: in the order in which the names came, the rest together under `_other`.
 * The order never changes, so no sum falls.
 */
export function boundedSums(
  values: readonly (readonly [name: string, value: number])[],
  max: number,
): readonly (readonly [name: string, value: number])[] {
  const sums = new Map<string, number>();
  for (const [name, value] of values) sums.set(name, (sums.get(name) ?? 0) + value);
  if (sums.size <= max) return [...sums];
  const kept = [...sums].filter(([name]) => name !== OTHER).slice(0, max - 1);
  for (const [name] of kept) sums.delete(name);
  return [...kept, [OTHER, [...sums.values()].reduce((sum, value) => sum + value, 0)]];
}

export function valueOf(row: Row, column: ColumnName): number {
  return row[COL[column]] ?? Number.NaN;
}

/** The series of one column, always or on a further condition. */
export function series(
  tier: ColumnPoint['tier'],
  column: ColumnName,
  attributes: Attributes = {},
  when: (row: Row) => boolean = () => true,
): ColumnPoint {
  return { attributes, columns: [column], tier, when };
}
