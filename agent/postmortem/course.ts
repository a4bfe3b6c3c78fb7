/** The last numbers of a process and where they were heading. Pure. */
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import { COL, type ColumnName, type Row } from '../model/row.ts';

export interface Ceiling {
  readonly usageBytes: number;
  readonly limitBytes: number;
  /** Over the last moments. */
  readonly growthBytesPerSecond: number;
  /** What use would have been of the limit at the death, had it gone on as it did: above 1 the ceiling was reached. */
  readonly reachedRatio: number;
}

export interface Course {
  readonly row: Row;
  /** From the last sample to the death; undefined: the moment of death is not known. */
  readonly ageSeconds: number | undefined;
  /** How far the numbers are continued: to the death, or as far as a process goes before its next sample. */
  readonly horizonSeconds: number;
  /** It should have been sampled again before it died: its event loop was blocked. */
  readonly isLate: boolean;
  readonly heap: Ceiling | undefined;
  readonly container: Ceiling | undefined;
  readonly host: Ceiling | undefined;
  readonly worker: Ceiling | undefined;
  /** Times that the group was at its limit, within the last seconds. */
  readonly limitEvents: number;
}

/** undefined: unavailable. */
export function valueOf(row: Row, column: ColumnName): number | undefined {
  const value = row[COL[column]];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

export function bindingOf(row: Row): Constraint | undefined {
  return CONSTRAINTS[row[COL.bindingConstraint] ?? -1];
}

/** A process that runs short of memory is sampled each 50 ms; a few of these may be late. */
const GAPS_AHEAD = 3;
const SHORTEST_HORIZON_SECONDS = 0.15;
/** Beside the announced interval: a collection, a scheduler that forgot it, a connection that ends when all of its memory is given back. */
const LATE_GRACE_SECONDS = 1;
/** Growth is measured over each of these, and the faster counts: an allocation that has just begun, and one that comes in steps. */
const GROWTH_SPANS_MS = [100, 500] as const;
/** Steps are not even. */
const GROWTH_MARGIN = 1.3;
const EVENTS_SPAN_MS = 2000;

/** `rows`: oldest first. `diedMs`: wall clock. undefined: there is no sample. */
export function courseOf(rows: readonly Row[], diedMs: number | undefined): Course | undefined {
  const row = rows.at(-1);
  if (row === undefined) return undefined;
  const wallMs = valueOf(row, 'wallMs');
  const ageSeconds = diedMs === undefined || wallMs === undefined ? undefined : Math.max(0, (diedMs - wallMs) / 1000);
  const announcedSeconds = valueOf(row, 'agentIntervalSeconds') ?? 1;
  const horizonSeconds = ageSeconds ?? Math.min(announcedSeconds, aheadSeconds(rows));
  const ceiling = (usage: (row: Row) => number | undefined, limit: ColumnName): Ceiling | undefined =>
    ceilingOf(rows, usage, limit, horizonSeconds);
  return {
    row,
    ageSeconds,
    horizonSeconds,
    isLate: ageSeconds !== undefined && ageSeconds > announcedSeconds + LATE_GRACE_SECONDS,
    heap: ceiling(heapBytes, 'heapOldLimitBytes'),
    container: ceiling((each) => valueOf(each, 'cgroupUnreclaimableBytes'), 'cgroupLimitBytes'),
    host: ceiling(hostBytes, 'hostTotalBytes'),
    worker: ceiling((each) => valueOf(each, 'workerUsedBytes'), 'workerOldLimitBytes'),
    limitEvents: eventsWithin(rows, EVENTS_SPAN_MS),
  };
}

/** V8 counts pages against its limit, and an array that grows is still among the young ones when it takes the last of them. */
function heapBytes(row: Row): number | undefined {
  const used = valueOf(row, 'heapOldUsedBytes');
  if (used === undefined) return undefined;
  return Math.max(used + (valueOf(row, 'heapNewLargeUsedBytes') ?? 0), valueOf(row, 'heapOldPagesBytes') ?? 0);
}

function hostBytes(row: Row): number | undefined {
  const total = valueOf(row, 'hostTotalBytes');
  const available = valueOf(row, 'hostAvailableBytes');
  return total === undefined || available === undefined ? undefined : total - available;
}

function aheadSeconds(rows: readonly Row[]): number {
  const times = rows.slice(-4).map((row) => monotonicMs(row));
  const gaps = times.slice(1).map((ms, index) => ms - (times[index] ?? ms));
  return Math.max(SHORTEST_HORIZON_SECONDS, (GAPS_AHEAD * Math.max(0, ...gaps)) / 1000);
}

function ceilingOf(
  rows: readonly Row[],
  usage: (row: Row) => number | undefined,
  limit: ColumnName,
  horizonSeconds: number,
): Ceiling | undefined {
  const last = rows.at(-1);
  const usageBytes = last && usage(last);
  const limitBytes = last && valueOf(last, limit);
  if (usageBytes === undefined || limitBytes === undefined || !(limitBytes > 0) || limitBytes === Infinity) {
    return undefined;
  }
  const growthBytesPerSecond = Math.max(0, ...GROWTH_SPANS_MS.map((ms) => growthWithin(rows, usage, ms)));
  const ahead = growthBytesPerSecond * horizonSeconds * GROWTH_MARGIN;
  return { usageBytes, limitBytes, growthBytesPerSecond, reachedRatio: (usageBytes + ahead) / limitBytes };
}

/** From the newest sample that is at least this much older than the last. Bytes a second. */
function growthWithin(rows: readonly Row[], usage: (row: Row) => number | undefined, spanMs: number): number {
  const last = rows.at(-1);
  if (last === undefined) return 0;
  const before = rows.findLast((row) => monotonicMs(row) <= monotonicMs(last) - spanMs);
  const now = usage(last);
  const then = before && usage(before);
  if (before === undefined || now === undefined || then === undefined) return 0;
  return ((now - then) / (monotonicMs(last) - monotonicMs(before))) * 1000;
}

function eventsWithin(rows: readonly Row[], spanMs: number): number {
  const last = rows.at(-1);
  if (last === undefined) return 0;
  const first = rows.find((row) => monotonicMs(row) >= monotonicMs(last) - spanMs) ?? last;
  return Math.max(0, (valueOf(last, 'cgroupEventsMax') ?? 0) - (valueOf(first, 'cgroupEventsMax') ?? 0));
}

function monotonicMs(row: Row): number {
  return row[COL.monotonicMs] ?? Number.NaN;
}
