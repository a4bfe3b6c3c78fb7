import type { Reason } from '../model/assessment.ts';
import type { Level } from '../model/level.ts';
import type { KernelEvent } from './kernel-event.ts';
import { thresholdsOf } from '../model/policy.ts';
import { judgedRatio, ratioOf, reaches, type Judged } from './levels.ts';
import type { Standing } from './verdict.ts';

const NONE: readonly Reason[] = [];

const AT_OR_ABOVE = { 1: [1, 2, 3], 2: [2, 3], 3: [3] } as const satisfies Record<1 | 2 | 3, readonly Level[]>;

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
    // The heap may reach critical by its use without reaching high by its live set.
    const supports = AT_OR_ABOVE[level].find((candidate) => reaches(judged, constraint, candidate));
    if (supports === undefined) continue;
    reasons.push({
      kind: 'utilization',
      constraint: constraint.constraint,
      level: supports,
      utilizationRatio: judgedRatio(judged, constraint, supports),
      thresholdRatio: ratioOf(thresholdsOf(constraint, judged.policy).enter, supports),
    });
  }
  if (heldBy !== undefined) reasons.push({ kind: 'held', level, by: heldBy });
  const { constraint, from, quietSinceMs } = judged.latch;
  if (constraint !== undefined && from > level) {
    reasons.push({ kind: 'latched', constraint, quietMs: atMs - quietSinceMs });
  }
  return reasons;
}
