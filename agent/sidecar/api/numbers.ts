/** What a row says, as JSON has it: what is not available is null, and so is "no limit". */
import { CONSTRAINTS, type Constraint } from '../../model/constraint.ts';
import { LEVELS, type LevelName } from '../../model/level.ts';
import type { RingNote } from '../../model/note.ts';
import { COL, type ColumnName, type Row } from '../../model/row.ts';

export function numberOf(row: Row, column: ColumnName): number | null {
  return finite(row[COL[column]]);
}

/** JSON that was read may hold null where a number was unavailable. */
export function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function levelOf(row: Row): LevelName | null {
  return LEVELS[row[COL.level] ?? -1] ?? null;
}

export function bindingOf(row: Row): Constraint | null {
  return CONSTRAINTS[row[COL.bindingConstraint] ?? -1] ?? null;
}

/** A name that the row points to. */
export function nameOf(row: Row, column: 'jobName' | 'stageName', note: RingNote | undefined): string | null {
  return note?.names[row[COL[column]] ?? -1] ?? null;
}

export function isDrill(row: Row): boolean {
  return !Number.isNaN(row[COL.drillLevel] ?? Number.NaN);
}
