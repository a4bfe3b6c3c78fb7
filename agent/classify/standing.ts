import type { ConstraintAssessment } from '../model/assessment.ts';
import type { Level } from '../model/level.ts';
import type { Policy } from '../model/policy.ts';
import { LATCH_QUIET_MS, type Latch } from './latch.ts';
import { anyHolds, holds, nextLevelDown, reachedLevel, reaches, type Judged } from './levels.ts';
import type { ClassifierMemory, Standing } from './verdict.ts';

/** Entered fast, left slowly: the one place where the level moves. */

type Streaks = ClassifierMemory['streaks'];

const NO_STREAKS: Streaks = [0, 0, 0];

/** Counts one more sample, which reached `reached`. */
export function nextStreaks(before: Streaks, reached: Level, { confirmSamples }: Policy): Streaks {
  if (reached === 0) return NO_STREAKS;
  const [elevated, high, critical] = before;
  return [
    Math.min(confirmSamples, elevated + 1),
    reached < 2 ? 0 : Math.min(confirmSamples, high + 1),
    reached < 3 ? 0 : Math.min(confirmSamples, critical + 1),
  ];
}

/** The highest level that enough samples in a row have reached. */
export function confirmedLevel([elevated, high, critical]: Streaks, { confirmSamples }: Policy): Level {
  if (critical >= confirmSamples) return 3;
  if (high >= confirmSamples) return 2;
  return elevated >= confirmSamples ? 1 : 0;
}

/** The level a latch gives back when something moves: what its constraint reaches now, up to where it stood. */
export function releasedLevel(judged: Judged, before: Latch, watched: ConstraintAssessment | undefined): Level {
  if (watched === undefined || judged.latch.from !== 0 || before.from === 0) return 0;
  const reached = reachedLevel({ ...judged, constraints: [watched] });
  return reached < before.from ? reached : before.from;
}

/** The level to which a quiet constraint lets go of the current one; undefined: it does not. Never below elevated. */
export function latchedLevel(judged: Judged, standing: Standing, atMs: number): Level | undefined {
  const { latch, policy, constraints } = judged;
  const { level, sinceMs, steppedDownMs } = standing;
  if (level < 2 || atMs - steppedDownMs < policy.coolDownMs) return undefined;
  if (atMs - Math.max(latch.quietSinceMs, sinceMs) < LATCH_QUIET_MS) return undefined;
  let byLatch = false;
  for (const constraint of constraints) {
    if (!holds(judged, constraint, level)) continue;
    if (constraint.constraint !== latch.constraint) return undefined;
    byLatch = true;
  }
  const down = nextLevelDown(level, policy);
  return byLatch && down > 0 ? down : undefined;
}

/** `confirmed`: the level that may be entered now. `reached`: the one this sample alone speaks for. */
export function nextStanding(
  judged: Judged,
  before: Standing,
  confirmed: Level,
  reached: Level,
  atMs: number,
): Standing {
  const { policy } = judged;
  if (confirmed > before.level) {
    return {
      level: confirmed,
      sinceMs: atMs,
      reachedMs: atMs,
      steppedDownMs: before.steppedDownMs,
      heldBy: undefined,
    };
  }
  if (before.level === 0) return before;
  if (reached >= before.level) return { ...before, reachedMs: atMs, heldBy: undefined };
  const heldBy = whatHolds(judged, before, atMs);
  return heldBy === undefined
    ? stepDown(judged, before, nextLevelDown(before.level, policy), atMs)
    : { ...before, heldBy };
}

function whatHolds(judged: Judged, standing: Standing, atMs: number): Standing['heldBy'] {
  if (anyHolds(judged, standing.level)) return 'hysteresis';
  if (atMs - standing.reachedMs < judged.policy.dwellMs) return 'dwell';
  if (atMs - standing.steppedDownMs < judged.policy.coolDownMs) return 'cool-down';
  return undefined;
}

/** `judged` without the cap of a latch that takes the level off: that is asked for the level below. */
export function stepDown(judged: Judged, before: Standing, level: Level, atMs: number): Standing {
  const isReached = judged.constraints.some((constraint) => reaches(judged, constraint, level));
  const isHeld = level > 0 && !isReached;
  return {
    level,
    sinceMs: atMs,
    reachedMs: isReached ? atMs : before.reachedMs,
    steppedDownMs: atMs,
    heldBy: isHeld ? (anyHolds(judged, level) ? 'hysteresis' : 'cool-down') : undefined,
  };
}
