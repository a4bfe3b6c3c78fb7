/** Ring files as the commands see them: who wrote one, the newest sample, and whether its process still lives. */
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import { COL, type ColumnName, type Row } from '../model/row.ts';
import { listRings } from '../record/directory.ts';
import { readLatest, type LatestReading } from '../record/reader.ts';
import { CommandError } from './command.ts';

export interface Recording extends LatestReading {
  readonly path: string;
  /** When its process started, ms since the epoch. */
  readonly startWallMs: number;
}

/** All that can be read, newest first; a file that is no ring file or damaged is left out. A folder that is not there holds none. */
export function recordingsIn(directory: string): readonly Recording[] {
  const list = listRings(directory);
  if (!list.ok) {
    if (/ENOENT/.test(list.problem.message)) return [];
    throw new CommandError(list.problem, 1);
  }
  return list.rings.flatMap(({ path, startWallMs }) => {
    const read = readLatest(path);
    return read.ok ? [{ ...read.reading, path, startWallMs }] : [];
  });
}

/** Beside the announced intervals: a collection of a large heap, a process that the scheduler forgot for a moment. */
const GRACE_SECONDS = 2;
const INTERVALS = 3;

/** Written within three announced intervals and two seconds, and no end mark. */
export function isLive({ record, end }: LatestReading, nowMs: number): boolean {
  if (record === undefined || end !== undefined) return false;
  const intervalSeconds = reading(record.row, 'agentIntervalSeconds') ?? 1;
  return ageSeconds(record.row, nowMs) <= INTERVALS * intervalSeconds + GRACE_SECONDS;
}

/** Seconds since the sample. */
export function ageSeconds(row: Row, nowMs: number): number {
  return Math.max(0, (nowMs - (row[COL.wallMs] ?? Number.NaN)) / 1000);
}

/** undefined: unavailable. */
export function reading(row: Row, column: ColumnName): number | undefined {
  const value = row[COL[column]];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

export function bindingConstraint(row: Row): Constraint | undefined {
  return CONSTRAINTS[row[COL.bindingConstraint] ?? -1];
}
