/**
 * The report as text: docs/captures.md. What is in it is listed here, member by member: nothing of the environment, the command line or the
 * application's data gets in by accident.
 */
import type { CacheStatus } from '../model/cache.ts';
import type { Assessment } from '../model/assessment.ts';
import { levelName } from '../model/level.ts';
import { COL, COLUMNS, type Row } from '../model/row.ts';
import type { Identity, Snapshot } from '../model/snapshot.ts';
import { WINDOW_COLUMNS, type HistoryRow } from '../model/window.ts';

const REPORT_VERSION = 1;
const MAX_BYTES = 256 * 1024;
/** Of caches, actions, adaptive values, …: the largest, or the first. */
const MAX_ENTRIES = 50;

/** One line of JSON. */
export function reportText(
  snapshot: Snapshot,
  assessment: Assessment,
  history: readonly HistoryRow[],
  wallMs: number,
): string {
  for (let rows = history; ; rows = rows.slice(Math.ceil(rows.length / 2))) {
    const text = JSON.stringify(report(snapshot, assessment, rows, wallMs));
    if (Buffer.byteLength(text) <= MAX_BYTES || rows.length === 0) return text;
  }
}

function report(snapshot: Snapshot, assessment: Assessment, history: readonly HistoryRow[], wallMs: number): object {
  const { row, identity, degraded, actions, caches, reclaimed, shed, adaptives } = snapshot;
  return {
    report: REPORT_VERSION,
    at: new Date(wallMs).toISOString(),
    process: processOf(identity),
    assessment: { ...assessment, level: levelName(assessment.level) },
    readings: readingsOf(row),
    caches: caches
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, MAX_ENTRIES)
      .map(cacheOf),
    reclaimed: reclaimed.slice(0, MAX_ENTRIES),
    actions: actions.slice(0, MAX_ENTRIES),
    shed: shed.slice(0, MAX_ENTRIES),
    adaptives: adaptives.slice(0, MAX_ENTRIES),
    degraded: degraded.slice(0, MAX_ENTRIES),
    history: {
      columns: WINDOW_COLUMNS,
      rows: history.map((each) => WINDOW_COLUMNS.map((column) => rounded(each[column]))),
    },
  };
}

function processOf({ serviceName, serviceInstanceId, process: slot, mode, exporter, ...versions }: Identity): object {
  const { agentVersion, nodeVersion } = versions;
  const { pid, platform, arch } = process;
  return { serviceName, serviceInstanceId, slot, pid, platform, arch, nodeVersion, agentVersion, mode, exporter };
}

function cacheOf({ name, library, priority, isDiscovered, entries, bytes, sizeSource, ...more }: CacheStatus): object {
  const { limit, capEntries, counts } = more;
  return { name, library, priority, isDiscovered, entries, bytes, sizeSource, limit, capEntries, counts };
}

function readingsOf(row: Row): Readonly<Record<string, number | null>> {
  const available = COLUMNS.filter((column) => Number.isFinite(row[COL[column]]));
  return Object.fromEntries(available.map((column) => [column, rounded(row[COL[column]])]));
}

/** JSON has no NaN. Times and bytes are whole, and of the rest seven digits say what a reading says. */
function rounded(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  return Math.abs(value) >= 1e6 || Number.isInteger(value) ? Math.round(value) : Number(value.toPrecision(7));
}
