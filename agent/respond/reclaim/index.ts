/** Verified reclaim: promise → collection → measurement. */
import type { Action } from '../../model/action.ts';
import type { FollowedCache } from '../../model/cache.ts';
import type { LevelName } from '../../model/level.ts';
import type { ReclaimPolicy } from '../../model/policy.ts';
import type { Problem } from '../../model/problem.ts';
import {
  NOTHING_RECLAIMED,
  type Collector,
  type Reclaimer,
  type ReclaimOutcome,
  type ReclaimTotal,
} from '../../model/reclaim.ts';

export interface ReclaimParts {
  /** Those that may be asked, discovered ones included where the application allowed it. */
  caches(): readonly FollowedCache[];
  readonly collector: Collector;
  readonly policy: ReclaimPolicy;
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
  /** At each sample: lets caches grow again after an episode, no faster than memory allows. */
  tick(levelNow: LevelName, headroomBytes: number | undefined): void;
}

export function createReclaim(_parts: ReclaimParts): Reclaim {
  return {
    action: {
      name: 'reclaim',
      from: 'elevated',
      budget: { coolDownMs: 30_000, count: 1, windowMs: 30_000, timeMs: 10_000 },
      plan: () => undefined,
      run: () => ({ outcome: 'skipped', detail: '' }),
    },
    reclaim: async () => NOTHING_RECLAIMED,
    register: () => () => {},
    totals: () => [],
    tick() {},
  };
}
