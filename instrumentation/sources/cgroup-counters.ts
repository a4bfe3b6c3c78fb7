/**
 * Keeps cumulative columns running when the level they are read at changes. Each group counts its events and stall times
 * from its own start, so moving from one level to another would look like thousands of events at once, or like a reset.
 */
import type { Row } from '../../agent/model/row.ts';

export interface Counters {
  /** Turns the raw counts of `row` into running ones. `isOtherLevel`: they come from another group than last time. */
  carry(row: Row, isOtherLevel: boolean): void;
}

/** `columns` are indexes into a row. The first row's counts are taken as they are. */
export function createCounters(columns: readonly number[]): Counters {
  const offsets = new Float64Array(columns.length);
  const latest = new Float64Array(columns.length).fill(Number.NaN);
  return {
    carry(row, isOtherLevel) {
      for (let i = 0; i < columns.length; i += 1) {
        const column = columns[i] ?? 0;
        const raw = row[column] ?? Number.NaN;
        if (Number.isNaN(raw)) continue;
        const before = latest[i] ?? Number.NaN;
        if (isOtherLevel && !Number.isNaN(before)) offsets[i] = before - raw;
        const running = raw + (offsets[i] ?? 0);
        row[column] = running;
        latest[i] = running;
      }
    },
  };
}
