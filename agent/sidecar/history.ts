/**
 * What the sidecar keeps of a process's past: a row each ten seconds over two hours, of few columns. 48 kB a process once all of it is used; it
 * grows to that by doubling, as most processes of a day live short.
 */
import { CONSTRAINTS } from '../model/constraint.ts';
import { COL, createRow, type ColumnName, type Row } from '../model/row.ts';

/** The interval's last value; of `level` and `pressureRatio` its highest, so that a peak survives. */
const HISTORY_COLUMNS = [
  'level',
  'pressureRatio',
  'bindingConstraint',
  'headroomBytes',
  'timeToLimitSeconds',
  'processRssBytes',
  'heapUsedBytes',
  'heapExternalBytes',
  'cachesBytes',
  'jobName',
  'stageName',
  'drillLevel',
] as const satisfies readonly ColumnName[];

const PEAKS: ReadonlySet<ColumnName> = new Set(['level', 'pressureRatio']);
const FIELDS = HISTORY_COLUMNS.map((name, offset) => ({ column: COL[name], offset, isPeak: PEAKS.has(name) }));
/** Behind the columns: use and limit of the binding constraint, which are other columns from row to row. */
const USAGE = FIELDS.length;
const LIMIT = FIELDS.length + 1;
const WIDTH = FIELDS.length + 2;

const INTERVAL_MS = 10_000;
const INTERVALS = 720;
const FIRST_INTERVALS = 45;

/** Rows of the last call, lent until the next: recent.ts says why. */
const lent: Row[] = [];

export interface History {
  push(row: Row): void;
  /** Oldest first; columns that are not kept are NaN. The rows are valid until the next call, of any history. */
  rows(sinceWallMs: number): readonly Row[];
  /** Lets go of all there is. */
  clear(): void;
}

/** Where the binding constraint's use and limit stand in a row. */
const BINDING = CONSTRAINTS.map((constraint) => ({
  usage: COL[`${constraint}UsageBytes`],
  limit: COL[`${constraint}LimitBytes`],
}));

export function createHistory(): History {
  let capacity = 0;
  /** 24 bits of a byte count are enough for a chart; not for a time. */
  let cells = new Float32Array(0);
  let times = new Float64Array(0);
  let interval = -Infinity;
  let newest = -1;
  let count = 0;

  function grow(): void {
    const larger = Math.min(INTERVALS, Math.max(FIRST_INTERVALS, capacity * 2));
    const [oldCells, oldTimes] = [cells, times];
    cells = new Float32Array(larger * WIDTH);
    times = new Float64Array(larger);
    cells.set(oldCells); // a ring that is not full yet begins at 0
    times.set(oldTimes);
    capacity = larger;
  }

  function advance(): void {
    if (count === capacity && capacity < INTERVALS) grow();
    newest = (newest + 1) % capacity;
    count = Math.min(capacity, count + 1);
  }

  function push(row: Row): void {
    const wallMs = row[COL.wallMs] ?? Number.NaN;
    if (!Number.isFinite(wallMs)) return;
    const number = Math.floor(wallMs / INTERVAL_MS);
    // a wall clock that was set back adds to the newest interval: order is worth more than one reading
    const isNew = number > interval;
    if (isNew) {
      interval = number;
      advance();
    }
    const start = newest * WIDTH;
    times[newest] = wallMs;
    for (const { column, offset, isPeak } of FIELDS) {
      const value = row[column] ?? Number.NaN;
      const isLower = !isNew && isPeak && (cells[start + offset] ?? Number.NaN) > value;
      if (!isLower) cells[start + offset] = value;
    }
    const binding = BINDING[row[COL.bindingConstraint] ?? -1];
    cells[start + USAGE] = binding === undefined ? Number.NaN : (row[binding.usage] ?? Number.NaN);
    cells[start + LIMIT] = binding === undefined ? Number.NaN : (row[binding.limit] ?? Number.NaN);
  }

  function rowAt(index: number, row: Row): Row {
    const start = index * WIDTH;
    row.fill(Number.NaN);
    row[COL.wallMs] = times[index] ?? Number.NaN;
    for (const { column, offset } of FIELDS) row[column] = cells[start + offset] ?? Number.NaN;
    const binding = BINDING[row[COL.bindingConstraint] ?? -1];
    if (binding !== undefined) {
      row[binding.usage] = cells[start + USAGE] ?? Number.NaN;
      row[binding.limit] = cells[start + LIMIT] ?? Number.NaN;
    }
    return row;
  }

  return {
    push,
    rows(sinceWallMs) {
      const found: Row[] = [];
      for (let age = count - 1; age >= 0; age--) {
        const index = (newest - age + capacity) % capacity;
        if ((times[index] ?? Number.NaN) >= sinceWallMs) found.push(rowAt(index, (lent[found.length] ??= createRow())));
      }
      return found;
    },
    clear() {
      [cells, times, capacity, count, newest, interval] = [
        new Float32Array(0),
        new Float64Array(0),
        0,
        0,
        -1,
        -Infinity,
      ];
    },
  };
}
