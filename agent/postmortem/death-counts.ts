/** Deaths of a folder since it was made, in `deaths.json`: a restart takes no count away. */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import {
  DEATH_CAUSES,
  DEATH_EVIDENCE,
  MAX_WORKLOADS,
  type DeathCount,
  type Postmortem,
  type WorkloadDeaths,
} from '../model/postmortem.ts';
import { COUNTS_FILE } from './counts-file.ts';
import { writeShared } from './shared-file.ts';

const LOCK = 'deaths.json.lock';
/** Of one who was killed while he held it. Its work takes a millisecond. */
const ABANDONED_MS = 5_000;
/** A few ms. */
const LOCK_ATTEMPTS = 100;
const OTHER: Pick<WorkloadDeaths, 'serviceName' | 'container'> = { serviceName: '_other', container: '' };

/** Nothing was counted, or the file cannot be read: empty. */
export function deathCounts(directory: string): readonly WorkloadDeaths[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(directory, COUNTS_FILE), 'utf8'));
    const { workloads } = parsed as { readonly workloads?: unknown };
    return Array.isArray(workloads) ? workloads.flatMap(decodeWorkload) : [];
  } catch {
    return [];
  }
}

/** Of all workloads together: every pair of cause and evidence, 0 included. */
export function totalDeaths(workloads: readonly WorkloadDeaths[]): readonly DeathCount[] {
  const all = workloads.flatMap(({ counts }) => counts);
  return DEATH_CAUSES.flatMap((cause) =>
    DEATH_EVIDENCE.map((evidence) => {
      const same = all.filter((each) => each.cause === cause && each.evidence === evidence);
      return { cause, evidence, count: same.reduce((sum, { count }) => sum + count, 0) };
    }),
  );
}

/** Only for who claimed it by `reportOnce`. false: it is not counted, since the folder cannot be written or another counts just now. */
export function countDeath(directory: string, postmortem: Postmortem, nowMs: number): boolean {
  const lock = join(directory, LOCK);
  if (!takeLock(lock, nowMs)) return false;
  try {
    const workloads = withOneMore(deathCounts(directory), postmortem);
    const part = join(directory, `${COUNTS_FILE}.${process.pid}.part`);
    rmSync(part, { force: true }); // of one who was killed with it half written, under the same number
    writeShared(part, JSON.stringify({ version: 1, workloads }));
    renameSync(part, join(directory, COUNTS_FILE));
    return true;
  } catch {
    return false;
  } finally {
    unlinkSync(lock);
  }
}

function takeLock(lock: string, nowMs: number): boolean {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
    removeAbandoned(lock, nowMs);
  }
  return false;
}

function removeAbandoned(lock: string, nowMs: number): void {
  try {
    if (nowMs - statSync(lock).mtimeMs > ABANDONED_MS) unlinkSync(lock);
  } catch {
    // given back meanwhile
  }
}

export function withOneMore(workloads: readonly WorkloadDeaths[], death: Postmortem): readonly WorkloadDeaths[] {
  const own = { serviceName: death.serviceName, container: death.resource['k8s.container.name'] ?? '' };
  const isKnown = workloads.some((each) => isSame(each, own));
  const named = workloads.filter((each) => !isSame(each, OTHER));
  const place = isKnown || named.length < MAX_WORKLOADS ? own : OTHER;
  const before = workloads.find((each) => isSame(each, place)) ?? { ...place, counts: [] };
  const { cause, evidence } = death;
  const isIt = (each: DeathCount): boolean => each.cause === cause && each.evidence === evidence;
  const count = (before.counts.find(isIt)?.count ?? 0) + 1;
  const counts = [...before.counts.filter((each) => !isIt(each)), { cause, evidence, count }];
  return [...workloads.filter((each) => !isSame(each, place)), { ...place, counts }];
}

type Workload = Pick<WorkloadDeaths, 'serviceName' | 'container'>;

function isSame(a: Workload, b: Workload): boolean {
  return a.serviceName === b.serviceName && a.container === b.container;
}

/** Whoever can write to the folder can write any JSON there. */
function decodeWorkload(value: unknown): WorkloadDeaths[] {
  const { serviceName, container, counts } = fields(value);
  if (typeof serviceName !== 'string' || typeof container !== 'string' || !Array.isArray(counts)) return [];
  return [{ serviceName, container, counts: counts.flatMap(decodeCount) }];
}

function decodeCount(value: unknown): DeathCount[] {
  const { cause, evidence, count } = fields(value);
  const known = DEATH_CAUSES.find((each) => each === cause);
  const how = DEATH_EVIDENCE.find((each) => each === evidence);
  if (known === undefined || how === undefined || !Number.isSafeInteger(count)) return [];
  return [{ cause: known, evidence: how, count: Math.max(0, Number(count)) }];
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
