/**
 * Verified reclaim: promise → collection → measurement. Memory that was given up shows nowhere before a garbage collection, so what is
 * promised counts as given until one has verified it; and what it freed decides whom to believe the next time.
 */
import type { Action } from '../../model/action.ts';
import type { FollowedCache } from '../../model/cache.ts';
import type { LevelName } from '../../model/level.ts';
import type { ReclaimPolicy } from '../../model/policy.ts';
import type { Problem } from '../../model/problem.ts';
import type { Collector, Reclaimer, ReclaimOutcome, ReclaimTotal } from '../../model/reclaim.ts';
import { createReclaimAction } from './action.ts';
import { createCaps } from './caps.ts';
import { createEngine } from './engine.ts';

export interface ReclaimParts {
  /** Those that may be asked, discovered ones included where the application allowed it. */
  caches(): readonly FollowedCache[];
  readonly collector: Collector;
  readonly policy: ReclaimPolicy;
  /** Freed in this process and not back with the kernel: it is used again before the process grows. */
  insideBytes(): number;
  monotonicMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  onProblem(problem: Problem): void;
}

export interface Reclaim {
  /** For the responder. */
  readonly action: Action;
  /** By hand. `act` false: what it would do. Never rejects. */
  reclaim(targetBytes: number, level: LevelName, act: boolean): Promise<ReclaimOutcome>;
  register(reclaimer: Reclaimer): () => void;
  totals(): readonly ReclaimTotal[];
  /** At each sample: lets caches grow again where memory asks for nothing, no faster than it allows. `isOver`: so does the level. */
  tick(levelNow: LevelName, headroomBytes: number | undefined, isOver?: boolean): void;
  /** Caches may hold again what their owners allow. */
  stop(): void;
}

export function createReclaim(parts: ReclaimParts): Reclaim {
  const caps = createCaps(parts.monotonicMs);
  const engine = createEngine({ ...parts, caps });
  const { action, rest } = createReclaimAction(engine, parts);
  return {
    action,
    reclaim: engine.reclaim,
    register: engine.register,
    totals: engine.totals,
    tick(levelNow, headroomBytes, isOver = true) {
      if (levelNow !== 'normal') return;
      if (isOver) {
        rest();
        engine.rest();
      }
      caps.raise(headroomBytes);
    },
    stop: caps.release,
  };
}
