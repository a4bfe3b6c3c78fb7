/** `memory/history`: what the ring files still hold, and what is kept of the two hours before. */
import { COL, type Row } from '../../model/row.ts';
import { pause } from '../../sample/clock.ts';
import type { Member } from '../fleet.ts';
import { finite } from './numbers.ts';
import { MOST_A_PAGE, pageOf, type Cursor } from './paging.ts';
import { isMemberOf, pointsOf } from './point.ts';
import type { ApiWorld, Target } from './route.ts';
import type { ApiAdminMemoryHistory, ApiHistory, ApiPoint } from './types.ts';

export const RESOLUTIONS = ['raw', '1s', '10s', '60s'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];
const INTERVAL_MS: Readonly<Record<Resolution, number>> = { raw: 0, '1s': 1000, '10s': 10_000, '60s': 60_000 };

/** How far back anything is kept. */
const KEPT_MS = 2 * 3_600_000;

export interface Wanted extends Target {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly resolution: Resolution;
  /** undefined: any. */
  readonly job: string | undefined;
  readonly stage: string | undefined;
}

/** One page after the other: thirty at once would be thirty thousand points at once. */
export async function historyPage(
  world: ApiWorld,
  wanted: Wanted,
  from: Cursor | undefined,
  most: number,
): Promise<ApiHistory> {
  return await world.inTurn(async () => await readPage(world, wanted, from, most));
}

/** One process after the other, with the loop given back in between: a ring file is up to 2 MB. */
async function readPage(
  { fleet, clock }: ApiWorld,
  wanted: Wanted,
  from: Cursor | undefined,
  most: number,
): Promise<ApiHistory> {
  const sinceMs = Math.max(wanted.sinceMs, from?.wallMs ?? 0);
  let kept: readonly ApiPoint[] = [];
  for (const member of fleet.members().filter(isMemberOf(wanted))) {
    // no more than the page, those that the cursor may pass over, and one to know that there is more
    const points = pointsIn(member, { ...wanted, sinceMs }).slice(0, most + (from?.skip ?? 0) + 1);
    kept = [...kept, ...points].toSorted(byTime).slice(0, most + (from?.skip ?? 0) + 1);
    await pause(clock, 0);
  }
  const { next, entries } = pageOf(kept, ({ wallMs }) => wallMs, false, from, most);
  return { next, points: entries };
}

/** Everything, by process, each oldest first: nothing but one process's points is ever held. */
export async function* historyOf({ fleet, clock }: ApiWorld, wanted: Wanted): AsyncGenerator<readonly ApiPoint[]> {
  for (const member of fleet.members().filter(isMemberOf(wanted))) {
    yield pointsIn(member, wanted);
    await pause(clock, 0);
  }
}

/** As `/admin/memory-history` tells it. */
export async function jobHistory(world: ApiWorld, job: string | undefined): Promise<ApiAdminMemoryHistory> {
  const untilMs = world.clock.wallMs();
  const which = { instance: undefined, process: undefined, stage: undefined, job };
  const wanted: Wanted = { ...which, sinceMs: untilMs - KEPT_MS, untilMs, resolution: '1s' };
  let newest: readonly ApiPoint[] = [];
  for await (const points of historyOf(world, wanted)) {
    newest = [...newest, ...points.slice(-MOST_A_PAGE)].toSorted(byTime).slice(-MOST_A_PAGE);
  }
  const metrics = newest.map((point) => ({
    instance: point.instance,
    job_id: point.job,
    stage: point.stage,
    memory_rss_bytes: point.rssBytes,
    heap_bytes: point.heapUsedBytes,
    at: new Date(point.wallMs).toISOString(),
  }));
  return { job_id: job ?? null, metrics, count: metrics.length };
}

function byTime(a: ApiPoint, b: ApiPoint): number {
  return a.wallMs - b.wallMs || (a.instance < b.instance ? -1 : 1);
}

function pointsIn(member: Member, { sinceMs, untilMs, resolution, job, stage }: Wanted): readonly ApiPoint[] {
  const intervalMs = INTERVAL_MS[resolution];
  // from the beginning of its interval on: a page that begins inside of it must choose among the same samples
  const fromMs = intervalMs === 0 ? sinceMs : Math.floor(sinceMs / intervalMs) * intervalMs;
  const rows = thinned(rowsOf(member, fromMs, intervalMs), intervalMs);
  return rows
    .filter((row) => wallMsOf(row) >= sinceMs && wallMsOf(row) <= untilMs)
    .map(pointsOf(member))
    .filter((point) => (job === undefined || point.job === job) && (stage === undefined || point.stage === stage));
}

/** What the ring holds is finer, and older than the sidecar; what is kept beside it goes back further. A ring file is read where that shows. */
function rowsOf(member: Member, sinceMs: number, intervalMs: number): readonly Row[] {
  const kept = member.history(sinceMs);
  const keptMs = kept.length === 0 ? Infinity : wallMsOf(kept[0]);
  const isCoarse = intervalMs >= INTERVAL_MS['10s'];
  if (isCoarse && keptMs - INTERVAL_MS['10s'] <= Math.max(sinceMs, member.startWallMs)) return kept;
  const records = member.records(sinceMs);
  if (isCoarse) return [...records.filter((row) => wallMsOf(row) < keptMs), ...kept];
  const firstMs = records.length === 0 ? Infinity : wallMsOf(records[0]);
  return [...kept.filter((row) => wallMsOf(row) < firstMs), ...records];
}

/** Of each interval the sample with the highest pressure: a peak that lasted half a second is what one looks for. */
function thinned(rows: readonly Row[], intervalMs: number): readonly Row[] {
  if (intervalMs === 0) return rows;
  const worst = new Map<number, Row>();
  for (const row of rows) {
    const interval = Math.floor(wallMsOf(row) / intervalMs);
    const known = worst.get(interval);
    if (known === undefined || pressureOf(row) > pressureOf(known)) worst.set(interval, row);
  }
  return [...worst.values()];
}

function wallMsOf(row: Row | undefined): number {
  return row?.[COL.wallMs] ?? Number.NaN;
}

function pressureOf(row: Row): number {
  return finite(row[COL.pressureRatio]) ?? -1;
}
