import type { ColumnName, Row } from './row.ts';

/** The columns the in-process window keeps; the rest of a row lives only until the next sample. */
export const WINDOW_COLUMNS = [
  'wallMs',
  'monotonicMs',
  'level',
  'pressureRatio',
  'headroomBytes',
  'timeToLimitSeconds',
  'bindingConstraint',
  'heapOldUsedBytes',
  'heapLiveBytes',
  'heapOldLimitBytes',
  'heapExternalBytes',
  'heapArrayBuffersBytes',
  'processRssBytes',
  'cgroupUsageBytes',
  'cgroupUnreclaimableBytes',
  'cgroupLimitBytes',
] as const satisfies readonly ColumnName[];

export type WindowColumn = (typeof WINDOW_COLUMNS)[number];

/** 1 s × 10 min, 10 s × 2 h, 60 s × 48 h. */
export const RESOLUTIONS = [
  { name: '1s', intervalMs: 1_000, rows: 600 },
  { name: '10s', intervalMs: 10_000, rows: 720 },
  { name: '60s', intervalMs: 60_000, rows: 2_880 },
] as const;

export type Resolution = (typeof RESOLUTIONS)[number]['name'];

/** One row of `monitor.history()`: the window's columns as plain data; what was unavailable is undefined. */
export type HistoryRow = { readonly [K in WindowColumn]: number | undefined };

/** The in-process window of samples: what `monitor.history()`, averages and trends read. */
export interface Window {
  /** Files a row into its interval of every resolution. */
  push(row: Row): void;
  /** The intervals whose last sample was taken at `sinceMs` (monotonic) or later, oldest first, the open one last. */
  rows(resolution: Resolution, sinceMs: number): HistoryRow[];
}

/** Memory of the whole window once every row has been used. */
export const WINDOW_BYTES: number = RESOLUTIONS.reduce((sum, { rows }) => sum + rows, 0) * WINDOW_COLUMNS.length * 8;
