/** Whether there is room for one more ring file, and for how large a one. */
import { recordBytesOf } from './layout.ts';
import { cleanRings, deadBytesOf, MAX_DEAD_BYTES, MIN_FREE_BYTES } from './clean.ts';
import { MOST_RECORDS } from './create.ts';
import { trouble, troubleOf, type Trouble } from './trouble.ts';

export type Admission =
  | { readonly ok: true; readonly capacity: number }
  | { readonly ok: false; readonly trouble: Trouble };

/**
 * All ring files of a folder together: a pod's emptyDir has 16 MiB, and who takes more is evicted. So each new one takes an eighth of what
 * is left: one process has 1024 records, each of twenty at least 128, two minutes at rest.
 */
const FOLDER_BYTES = 14 * 2 ** 20;
const PART = 1 / 8;
const FEWEST_RECORDS = 128;

/** Cleans the folder first. Never throws. */
export function admitRing(directory: string, columnCount: number, nowMs: number): Admission {
  try {
    const survey = cleanRings(directory, nowMs);
    const deadBytes = deadBytesOf(survey);
    if (deadBytes >= MAX_DEAD_BYTES) return refused(directory, tooMany(deadBytes));
    if (survey.freeBytes < MIN_FREE_BYTES) return refused(directory, tooFull(survey.freeBytes));
    const heldBytes = survey.rings.reduce((sum, { bytes }) => sum + bytes, 0);
    const leftBytes = Math.min(FOLDER_BYTES - heldBytes, survey.freeBytes);
    const records = Math.floor((leftBytes * PART) / recordBytesOf(columnCount));
    return { ok: true, capacity: Math.max(FEWEST_RECORDS, Math.min(MOST_RECORDS, records)) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(directory, error) };
  }
}

interface Refusal {
  readonly what: string;
  readonly repair: string;
}

function refused(directory: string, { what, repair }: Refusal): Admission {
  return { ok: false, trouble: trouble(directory, what, repair) };
}

function tooMany(bytes: number): Refusal {
  return {
    what: `ring files of processes that ended hold ${mebibytes(bytes)}, must be under ${mebibytes(MAX_DEAD_BYTES)}`,
    repair: 'read them with `plimsoll postmortem`, then delete them, or give PLIMSOLL_DIR a sidecar that does',
  };
}

function tooFull(bytes: number): Refusal {
  return {
    what: `${mebibytes(bytes)} are left, must be ${mebibytes(MIN_FREE_BYTES)} or more`,
    repair: 'make room in PLIMSOLL_DIR',
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
