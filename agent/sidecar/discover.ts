/**
 * The ring files of PLIMSOLL_DIR, looked for once a second: an inotify instance would tell sooner what nobody waits for. The folder may be
 * missing yet, go, come back or be closed to us: that is said once each time, and the looking goes on.
 */
import { problem, type Problem } from '../model/problem.ts';
import { listRings, type RingFile } from '../record/directory.ts';

export interface Discovery {
  /** Newest first; undefined: the folder cannot be listed now, so nothing is known of what is in it. */
  look(): readonly RingFile[] | undefined;
}

export function createDiscovery(directory: string, onProblem: (problem: Problem) => void): Discovery {
  let told = '';
  return {
    look() {
      const list = listRings(directory);
      const why = list.ok ? '' : list.problem.message;
      if (why !== '' && why !== told) onProblem(problem('PLM_SIDECAR_FOLDER', `${why} Looking again each second.`));
      told = why;
      return list.ok ? list.rings : undefined;
    },
  };
}
