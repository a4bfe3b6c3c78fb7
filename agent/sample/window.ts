import { COL, type Row } from '../model/row.ts';
import { RESOLUTIONS, WINDOW_COLUMNS, type HistoryRow, type Window, type WindowColumn } from '../model/window.ts';

export type { Window } from '../model/window.ts';

/**
 * The in-process window: for every resolution a ring of intervals in one preallocated array (0.5 MB in all; the kernel
 * hands out its pages as they are first written). Intervals are numbered by the monotonic clock, so a step of the wall
 * clock moves nothing, and an interval without a sample takes no place.
 */

const WIDTH = WINDOW_COLUMNS.length;
const MONOTONIC = WINDOW_COLUMNS.indexOf('monotonicMs');
/** Of these an interval keeps the highest value, so that a peak survives; of the others the last. */
const PEAKS: ReadonlySet<WindowColumn> = new Set<WindowColumn>(['level', 'pressureRatio']);
const FIELDS = WINDOW_COLUMNS.map((name, offset) => ({ offset, column: COL[name], isPeak: PEAKS.has(name) }));

export function createWindow(): Window {
  const rings = RESOLUTIONS.map(({ name, intervalMs, rows }) => ({ name, ring: createRing(intervalMs, rows) }));
  return {
    push(row) {
      const monotonicMs = row[COL.monotonicMs] ?? Number.NaN;
      if (!Number.isFinite(monotonicMs)) return;
      for (const { ring } of rings) ring.push(row, monotonicMs);
    },
    rows(resolution, sinceMs) {
      return rings.find(({ name }) => name === resolution)?.ring.rows(sinceMs) ?? [];
    },
  };
}

interface Ring {
  push(row: Row, monotonicMs: number): void;
  rows(sinceMs: number): HistoryRow[];
}

function createRing(intervalMs: number, capacity: number): Ring {
  const cells = new Float64Array(capacity * WIDTH);
  let interval = -Infinity; // number of the newest one
  let newest = -1; // its place
  let count = 0;

  return {
    push(row, monotonicMs) {
      const number = Math.floor(monotonicMs / intervalMs);
      // A clock that runs backwards adds to the newest interval: order is worth more than one reading.
      const isNew = number > interval;
      if (isNew) {
        interval = number;
        newest = (newest + 1) % capacity;
        count = Math.min(capacity, count + 1);
      }
      for (const { offset, column, isPeak } of FIELDS) {
        const place = newest * WIDTH + offset;
        const value = row[column] ?? Number.NaN;
        const isLower = !isNew && isPeak && (cells[place] ?? Number.NaN) > value;
        if (!isLower) cells[place] = value;
      }
    },
    rows(sinceMs) {
      const found: HistoryRow[] = [];
      for (let age = count - 1; age >= 0; age--) {
        const start = ((newest - age + capacity) % capacity) * WIDTH;
        const values = cells.subarray(start, start + WIDTH);
        if ((values[MONOTONIC] ?? Number.NaN) >= sinceMs) found.push(historyRow(values));
      }
      return found;
    },
  };
}

function historyRow(values: Float64Array): HistoryRow {
  const entries = WINDOW_COLUMNS.map((name, index) => {
    const value = values[index];
    return [name, value === undefined || Number.isNaN(value) ? undefined : value] as const;
  });
  return Object.fromEntries(entries) as HistoryRow;
}
