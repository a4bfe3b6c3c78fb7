/** One process as `status` and `doctor` show it, whether it was found by its ring file or by its metrics endpoint. */
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import { LEVELS } from '../model/level.ts';
import { COL, COLUMNS, type Row } from '../model/row.ts';
import { cacheJson, cacheViewOfNote, type CacheView } from './cache-view.ts';
import { ageSeconds, bindingConstraint, reading, type Recording } from './recording.ts';
import { jsonNumber, jsonTime } from './text.ts';

export interface ProcessView {
  readonly serviceName: string;
  readonly serviceInstanceId: string;
  /** Slot: `main`, `worker-1`. */
  readonly process: string;
  /** undefined: the endpoint does not tell. */
  readonly pid: number | undefined;
  readonly agentVersion: string;
  readonly nodeVersion: string;
  readonly mode: string;
  /** Path of the ring file, or URL of the endpoint. */
  readonly from: string;
  readonly row: Row;
  /** Reasons. */
  readonly degraded: readonly string[];
  /** undefined: the ring file has no note. */
  readonly caches: CacheView | undefined;
}

export function viewOfRecording({ header, record, note, path }: Recording): ProcessView | undefined {
  if (record === undefined) return undefined;
  const { serviceName, serviceInstanceId, process, pid, agentVersion, nodeVersion } = header.identity;
  // the header says the mode at the start, which may have been switched
  const mode = note?.mode ?? header.identity.mode;
  const identity = { serviceName, serviceInstanceId, process, pid, agentVersion, nodeVersion, mode };
  const degraded = note?.degraded.map(({ reason }) => reason) ?? [];
  return { ...identity, from: path, row: record.row, degraded, caches: note && cacheViewOfNote(note) };
}

/** Worst first: level, then pressure. */
export function byDanger(a: ProcessView, b: ProcessView): number {
  const level = (reading(b.row, 'level') ?? 0) - (reading(a.row, 'level') ?? 0);
  return level !== 0 ? level : (reading(b.row, 'pressureRatio') ?? 0) - (reading(a.row, 'pressureRatio') ?? 0);
}

/** Wall clock, ms, at which the level was entered. */
export function levelSinceWallMs(row: Row): number | undefined {
  const wallMs = reading(row, 'wallMs');
  const nowMs = reading(row, 'monotonicMs');
  const sinceMs = reading(row, 'levelSinceMs');
  return wallMs === undefined || nowMs === undefined || sinceMs === undefined ? undefined : wallMs - (nowMs - sinceMs);
}

/** The few numbers everybody asks for; null is unavailable, or no limit. */
export function memoryJson(row: Row): Readonly<Record<string, string | number | null>> {
  return {
    level: LEVELS[reading(row, 'level') ?? -1] ?? null,
    levelSince: jsonTime(levelSinceWallMs(row)),
    drill: LEVELS[reading(row, 'drillLevel') ?? -1] ?? null,
    pressureRatio: jsonNumber(reading(row, 'pressureRatio')),
    bindingConstraint: bindingConstraint(row) ?? null,
    headroomBytes: jsonNumber(reading(row, 'headroomBytes')),
    timeToLimitSeconds: jsonNumber(reading(row, 'timeToLimitSeconds')),
    rssBytes: jsonNumber(reading(row, 'processRssBytes')),
    heapUsedBytes: jsonNumber(reading(row, 'heapUsageBytes')),
    heapLimitBytes: jsonNumber(reading(row, 'heapLimitBytes')),
    containerUsedBytes: jsonNumber(reading(row, 'containerUsageBytes')),
    containerLimitBytes: jsonNumber(reading(row, 'containerLimitBytes')),
  };
}

export interface ConstraintView {
  readonly constraint: Constraint;
  readonly usageBytes: number | undefined;
  readonly limitBytes: number | undefined;
  readonly utilizationRatio: number;
  readonly headroomBytes: number | undefined;
  readonly growthBytesPerSecond: number | undefined;
  readonly timeToLimitSeconds: number | undefined;
}

/** Those that are present. */
export function constraintsOf(row: Row): readonly ConstraintView[] {
  return CONSTRAINTS.flatMap((constraint) => {
    const utilizationRatio = reading(row, `${constraint}UtilizationRatio`);
    if (utilizationRatio === undefined) return [];
    return [
      {
        constraint,
        usageBytes: reading(row, `${constraint}UsageBytes`),
        limitBytes: reading(row, `${constraint}LimitBytes`),
        utilizationRatio,
        headroomBytes: reading(row, `${constraint}HeadroomBytes`),
        growthBytesPerSecond: reading(row, `${constraint}GrowthBytesPerSecond`),
        timeToLimitSeconds: reading(row, `${constraint}TimeToLimitSeconds`),
      },
    ];
  });
}

/** Every column of the row that is available, by name; Infinity (no limit) is null. */
function readingsJson(row: Row): Readonly<Record<string, number | null>> {
  const available = COLUMNS.filter((name) => !Number.isNaN(row[COL[name]]));
  return Object.fromEntries(available.map((name) => [name, jsonNumber(row[COL[name]])]));
}

function constraintJson({ constraint, ...numbers }: ConstraintView) {
  const entries = Object.entries(numbers).map(([key, value]) => [key, jsonNumber(value)] as const);
  return { constraint, ...Object.fromEntries(entries) };
}

export function processJson(view: ProcessView, nowMs: number) {
  const { row, degraded, caches, ...identity } = view;
  return {
    ...identity,
    pid: view.pid ?? null,
    ageSeconds: jsonNumber(ageSeconds(row, nowMs)),
    memory: memoryJson(row),
    cache: cacheJson(caches),
    detailed: { constraints: constraintsOf(row).map(constraintJson), degraded, readings: readingsJson(row) },
  };
}
