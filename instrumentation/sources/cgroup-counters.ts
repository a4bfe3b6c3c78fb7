/**
 * Keeps cumulative columns running when the level they are read at changes. Each group counts its events and stall times
 * from its own start, so moving from one level to another would look like thousands of events at once, or like a reset.
 */
import type { Row } from '../../agent/model/row.ts';

export interface Counters {
  /**
   * Turns the raw counts of `row` into running ones. `before` is the row that was carried last; `isOtherLevel` says that
   * `row` comes from another group than it.
   */
  carry(row: Row, before: Row, isOtherLevel: boolean): void;
}

/** `columns` are indexes into a row. Before the first change of level the raw counts are the running ones. */
export function createCounters(columns: readonly number[]): Counters {
  const offsets = new Float64Array(columns.length);
  let hasChanged = false;
  return {
    carry(row, before, isOtherLevel) {
      hasChanged ||= isOtherLevel;
      if (!hasChanged) return;
      for (let i = 0; i < columns.length; i += 1) {
        const column = columns[i] ?? 0;
        const raw = row[column] ?? Number.NaN;
        const running = before[column] ?? Number.NaN;
        if (isOtherLevel && !Number.isNaN(running - raw)) offsets[i] = running - raw;
        row[column] = raw + (offsets[i] ?? 0);
      }
    },
  };
}
