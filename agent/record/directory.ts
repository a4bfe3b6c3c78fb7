/** The ring files of a folder, found by their names. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { problem, type Problem } from '../model/problem.ts';
import { instanceStartMs, RING_EXTENSION } from './instance-id.ts';
import { HOW_TO_SHARE } from './open-ring.ts';

export interface RingFile {
  readonly path: string;
  readonly instanceId: string;
  /** When its process started, ms since the epoch, by its name. */
  readonly startWallMs: number;
}

export type RingList =
  | { readonly ok: true; readonly rings: readonly RingFile[] }
  | { readonly ok: false; readonly problem: Problem };

/** Newest first. PLM_RING_UNREADABLE when the folder cannot be read. */
export function listRings(directory: string): RingList {
  try {
    return { ok: true, rings: ringsIn(directory) };
  } catch (error) {
    const { code, message: why } = error as NodeJS.ErrnoException;
    const repair = code === 'EACCES' ? HOW_TO_SHARE : 'name the folder that PLIMSOLL_DIR names';
    const message = `${directory} cannot be listed (${why}); ${repair}.`;
    return { ok: false, problem: problem('PLM_RING_UNREADABLE', message) };
  }
}

function ringsIn(directory: string): RingFile[] {
  // names begin with the start time
  const names = readdirSync(directory).toSorted().toReversed();
  return names.flatMap((name) => {
    const instanceId = name.slice(0, -RING_EXTENSION.length);
    const startWallMs = name.endsWith(RING_EXTENSION) ? instanceStartMs(instanceId) : undefined;
    return startWallMs === undefined ? [] : [{ path: join(directory, name), instanceId, startWallMs }];
  });
}
