/** The last sample as a post-mortem tells it, and what led there. Pure. */
import { CONSTRAINTS } from '../model/constraint.ts';
import { LEVELS, type LevelName } from '../model/level.ts';
import { MAX_NOTED_CACHES, type RingNote } from '../model/note.ts';
import type { CacheAtDeath, ConstraintState, LastState, TimelinePoint } from '../model/postmortem.ts';
import type { ColumnName, Row } from '../model/row.ts';
import { bindingOf, valueOf } from './course.ts';

/** Of the last minutes. */
const TIMELINE_MS = 15 * 60_000;
const MAX_POINTS = 120;
/** The time before a death is told in more detail: half of the points are of its last tenth. */
const LATE_PART = 0.1;

const CACHE_COLUMNS = [
  ['cache1Name', 'cache1Bytes'],
  ['cache2Name', 'cache2Bytes'],
  ['cache3Name', 'cache3Bytes'],
] as const satisfies readonly (readonly [ColumnName, ColumnName])[];

export function lastStateOf(row: Row, diedMs: number | undefined): LastState {
  const number = (column: ColumnName): number | null => finite(valueOf(row, column));
  const wallMs = valueOf(row, 'wallMs') ?? 0;
  const binding = bindingOf(row) ?? null;
  return {
    wallMs,
    ageSeconds: diedMs === undefined ? null : Math.max(0, (diedMs - wallMs) / 1000),
    level: levelOf(row),
    binding,
    pressureRatio: number('pressureRatio'),
    headroomBytes: number('headroomBytes'),
    growthBytesPerSecond: binding === null ? null : number(`${binding}GrowthBytesPerSecond`),
    timeToLimitSeconds: number('timeToLimitSeconds'),
    rssBytes: number('processRssBytes'),
    heapUsedBytes: number('heapUsedBytes'),
    externalBytes: number('heapExternalBytes'),
    constraints: CONSTRAINTS.flatMap((constraint) => constraintState(row, constraint)),
  };
}

function constraintState(row: Row, constraint: ConstraintState['constraint']): ConstraintState[] {
  const usageBytes = finite(valueOf(row, `${constraint}UsageBytes`));
  const limitBytes = finite(valueOf(row, `${constraint}LimitBytes`));
  const utilizationRatio = finite(valueOf(row, `${constraint}UtilizationRatio`));
  if (usageBytes === null || limitBytes === null || utilizationRatio === null) return [];
  const growthBytesPerSecond = finite(valueOf(row, `${constraint}GrowthBytesPerSecond`)) ?? 0;
  return [{ constraint, usageBytes, limitBytes, utilizationRatio, growthBytesPerSecond }];
}

export function timelineOf(rows: readonly Row[]): readonly TimelinePoint[] {
  const lastMs = wallMsOf(rows.at(-1));
  return thinned(rows.filter((row) => wallMsOf(row) >= lastMs - TIMELINE_MS)).map(pointOf);
}

/** The last one stays, and so does the beginning. */
function thinned(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MAX_POINTS) return rows;
  const firstMs = wallMsOf(rows[0]);
  const lastMs = wallMsOf(rows.at(-1));
  const lateMs = lastMs - (lastMs - firstMs) * LATE_PART;
  const late = everyFew(
    rows.filter((row) => wallMsOf(row) >= lateMs),
    MAX_POINTS / 2,
  );
  const early = rows.filter((row) => wallMsOf(row) < lateMs);
  return [...everyFew(early, MAX_POINTS - late.length), ...late];
}

/** Counted from the end. */
function everyFew(rows: readonly Row[], most: number): readonly Row[] {
  const step = Math.ceil(rows.length / most);
  return rows.filter((_, index) => (rows.length - 1 - index) % step === 0);
}

function pointOf(row: Row): TimelinePoint {
  const binding = bindingOf(row);
  return {
    wallMs: Math.round(wallMsOf(row)),
    level: levelOf(row),
    pressureRatio: rounded(valueOf(row, 'pressureRatio')),
    usageBytes: binding === undefined ? null : finite(valueOf(row, `${binding}UsageBytes`)),
    limitBytes: binding === undefined ? null : finite(valueOf(row, `${binding}LimitBytes`)),
    rssBytes: finite(valueOf(row, 'processRssBytes')),
  };
}

/** From the note; without one from the three of the last record. */
export function cachesOf(rows: readonly Row[], note: RingNote | undefined): readonly CacheAtDeath[] {
  const names = note?.names ?? [];
  const last = namedBytes(rows.at(-1), names);
  const first = firstBytes(rows, names);
  const noted = new Map((note?.caches ?? []).map((cache) => [cache.name, cache]));
  const all = new Set([...last.keys(), ...noted.keys()]);
  return [...all]
    .map((name): CacheAtDeath => {
      const cache = noted.get(name);
      const bytes = last.get(name) ?? cache?.bytes ?? 0;
      const before = last.has(name) ? first.get(name) : undefined;
      const grewBytes = before === undefined ? null : bytes - before;
      return { name, library: cache?.library ?? '', bytes, entries: cache?.entries ?? 0, grewBytes };
    })
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, MAX_NOTED_CACHES);
}

/** What the oldest record that names a cache says of it. */
function firstBytes(rows: readonly Row[], names: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const row of rows) {
    for (const [name, bytes] of namedBytes(row, names)) if (!found.has(name)) found.set(name, bytes);
  }
  return found;
}

function namedBytes(row: Row | undefined, names: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [nameColumn, bytesColumn] of row === undefined ? [] : CACHE_COLUMNS) {
    const name = nameAt(row, nameColumn, names);
    const bytes = row && valueOf(row, bytesColumn);
    if (name !== null && bytes !== undefined) found.set(name, bytes);
  }
  return found;
}

/** What a column of names points to; null: nothing. */
export function nameAt(row: Row | undefined, column: ColumnName, names: readonly string[]): string | null {
  const index = row && valueOf(row, column);
  return index === undefined ? null : (names[index] ?? null);
}

function levelOf(row: Row): LevelName {
  return LEVELS[valueOf(row, 'level') ?? 0] ?? 'normal';
}

function wallMsOf(row: Row | undefined): number {
  return (row && valueOf(row, 'wallMs')) ?? 0;
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function rounded(ratio: number | undefined): number | null {
  return ratio === undefined || !Number.isFinite(ratio) ? null : Number(ratio.toPrecision(4));
}
