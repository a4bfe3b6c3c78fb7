/**
 * The ring files of PLIMSOLL_DIR, looked for once a second: an inotify instance would tell sooner what nobody waits for. The folder may be
 * missing yet, go, come back or be closed to us: that is said once each time, and the looking goes on.
 */
import { problem, type Problem } from '../model/problem.ts';
import { cleanRings } from '../record/clean.ts';
import { listRings, type RingFile } from '../record/directory.ts';
import { followRing, type RingFollower } from '../record/follow.ts';
import type { Clock } from '../sample/clock.ts';

export interface DiscoveryParts {
  readonly directory: string;
  readonly clock: Clock;
  /** It is watched. */
  isWatched(instanceId: string): boolean;
  /** Its death was told. */
  isReported(instanceId: string): boolean;
  hasRoom(): boolean;
  /** It is there, and new. */
  onFound(ring: RingFile, follower: RingFollower): void;
  onProblem(problem: Problem): void;
}

export interface Discovery {
  look(): void;
  /** What its file says is known: it needs no look any more. */
  settle(instanceId: string): void;
}

/** Cleaned so often; and whoever could not be read is tried so often. */
const CLEAN_MS = 60_000;

export function createDiscovery(parts: DiscoveryParts): Discovery {
  const { directory, clock, onProblem } = parts;
  const settled = new Set<string>();
  /** Looks that found no ring file in it. */
  const failures = new Map<string, number>();
  let cleanedMs = clock.monotonicMs();
  let toldFolder = '';
  let toldFull = false;

  function look(): void {
    const isRound = clock.monotonicMs() - cleanedMs > CLEAN_MS;
    const list = listRings(directory);
    const why = list.ok ? '' : list.problem.message;
    if (why !== '' && why !== toldFolder) onProblem(problem('PLM_SIDECAR_FOLDER', `${why} Looking again each second.`));
    toldFolder = why;
    if (!list.ok) return;
    forgetOthers(list.rings);
    // the oldest first: who was there first keeps its slot
    for (const ring of list.rings.toReversed()) {
      if (!parts.isWatched(ring.instanceId) && !settled.has(ring.instanceId)) meet(ring, isRound);
    }
    if (isRound) clean();
  }

  function forgetOthers(rings: readonly RingFile[]): void {
    const listed = new Set(rings.map(({ instanceId }) => instanceId));
    for (const known of [settled, failures]) for (const id of known.keys()) if (!listed.has(id)) known.delete(id);
  }

  function meet(ring: RingFile, isRound: boolean): void {
    const { instanceId, path } = ring;
    const count = failures.get(instanceId) ?? 0;
    if (count > 1 && !isRound) return;
    if (parts.isReported(instanceId)) settled.add(instanceId);
    else if (!parts.hasRoom()) tellFull();
    else {
      const opened = followRing(path);
      if (opened.ok) return parts.onFound(ring, opened.reading);
      failures.set(instanceId, count + 1);
      if (count === 1) onProblem(opened.problem); // the first time it may be in the making
    }
  }

  function tellFull(): void {
    if (toldFull) return;
    toldFull = true;
    const message = `${directory} has more processes than one sidecar watches (256); those beyond export by themselves.`;
    onProblem(problem('PLM_SIDECAR_FULL', message));
  }

  /** After a look, so that nothing goes that was not seen. */
  function clean(): void {
    cleanedMs = clock.monotonicMs();
    try {
      cleanRings(directory, clock.wallMs());
    } catch {
      // that it cannot be read is said by the next look
    }
  }

  return { look, settle: (instanceId) => void settled.add(instanceId) };
}
