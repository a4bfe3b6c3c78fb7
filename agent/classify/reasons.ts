import type { Reason } from '../model/assessment.ts';
import type { KernelEvent } from './kernel-event.ts';
import { judgedRatio, ratioOf, reaches, thresholdsOf, type Judged } from './levels.ts';
import type { Standing } from './verdict.ts';

const NONE: readonly Reason[] = [];

/** Why the level is what it is; nothing to explain at normal. */
export function reasonsFor(
  judged: Judged,
  standing: Standing,
  event: KernelEvent | undefined,
  atMs: number,
): readonly Reason[] {
  const { level, heldBy } = standing;
  if (level === 0) return NONE;
  const reasons: Reason[] = event === undefined ? [] : [event];
  for (const constraint of judged.constraints) {
    if (!reaches(judged, constraint, level)) continue;
    reasons.push({
      kind: 'utilization',
      constraint: constraint.constraint,
      level,
      utilizationRatio: judgedRatio(judged, constraint, level),
      thresholdRatio: ratioOf(thresholdsOf(constraint, judged.policy).enter, level),
    });
  }
  if (heldBy !== undefined) reasons.push({ kind: 'held', level, by: heldBy });
  const { constraint, from, quietSinceMs } = judged.latch;
  if (constraint !== undefined && from > level) {
    reasons.push({ kind: 'latched', constraint, quietMs: atMs - quietSinceMs });
  }
  return reasons;
}
