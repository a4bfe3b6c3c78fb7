/**
 * Keeps the folder of ring files bounded: each start of a process adds one. What nobody needs goes first; what nobody has explained yet is
 * evidence, and stays. Used by every agent at its start, and by the sidecar.
 */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RING_EXTENSION } from './instance-id.ts';
import { REPORT_EXTENSION, SOCKET_EXTENSION, surveyRings, type Survey, type SurveyedRing } from './survey.ts';

/** No new ring where those of the dead hold so much. */
export const MAX_DEAD_BYTES = 8 * 2 ** 20;
/** The next death must not be the one that fills it. */
const KEPT_DEAD_BYTES = 6 * 2 ** 20;
/** No new ring where less than this is left. */
export const MIN_FREE_BYTES = 2 ** 20;
/** Room for the one that is about to be made. */
const WANTED_FREE_BYTES = 3 * 2 ** 20;
/** This long after its last write an unexplained one may go, where there is no room. */
const UNEXPLAINED_MS = 10 * 60 * 1000;
/** Reports outlive their ring files: 40 kB each at most. */
const KEPT_REPORTS = 32;

/** What is left after it. Throws what `readdir` throws. */
export function cleanRings(directory: string, nowMs: number): Survey {
  const before = surveyRings(directory, nowMs);
  const dead = before.rings.filter(({ fate }) => fate !== 'live');
  for (const { instanceId, fate } of dead) {
    if (fate !== 'unexplained') remove(directory, instanceId + SOCKET_EXTENSION);
  }
  const removed = new Set<string>();
  let deadBytes = deadBytesOf(before);
  let { freeBytes } = before;
  for (const { instanceId, bytes } of inOrder(dead)) {
    if (deadBytes <= KEPT_DEAD_BYTES && freeBytes >= WANTED_FREE_BYTES) break;
    if (!remove(directory, instanceId + RING_EXTENSION)) continue;
    remove(directory, instanceId + SOCKET_EXTENSION);
    removed.add(instanceId);
    deadBytes -= bytes;
    freeBytes += bytes;
  }
  const rings = before.rings.filter(({ instanceId }) => !removed.has(instanceId));
  return { rings, reports: withoutOldReports(directory, before.reports, rings), freeBytes };
}

export function deadBytesOf({ rings }: Survey): number {
  return rings.reduce((sum, { fate, bytes }) => sum + (fate === 'live' ? 0 : bytes), 0);
}

/** What may go, what is least missed first: of each kind the oldest. */
function inOrder(dead: readonly SurveyedRing[]): readonly SurveyedRing[] {
  return [
    ...dead.filter(({ fate }) => fate === 'clean'),
    ...dead.filter(({ fate }) => fate === 'reported'),
    ...dead.filter(({ fate, idleMs }) => fate === 'unexplained' && idleMs >= UNEXPLAINED_MS),
  ];
}

/** A report whose ring file is there stays: without it the death would be told once more. */
function withoutOldReports(
  directory: string,
  reports: readonly string[],
  rings: readonly SurveyedRing[],
): readonly string[] {
  const held = new Set(rings.map(({ instanceId }) => instanceId));
  const old = new Set(reports.slice(0, -KEPT_REPORTS).filter((instanceId) => !held.has(instanceId)));
  for (const instanceId of old) remove(directory, instanceId + REPORT_EXTENSION);
  return reports.filter((instanceId) => !old.has(instanceId));
}

/** False: it is not ours to delete, or another process was faster. */
function remove(directory: string, name: string): boolean {
  try {
    unlinkSync(join(directory, name));
    return true;
  } catch {
    return false;
  }
}
