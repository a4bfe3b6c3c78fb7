import type { ConstraintAssessment } from '../model/assessment.ts';
import type { Level } from '../model/level.ts';
import { thresholdsOf, type LevelRatios, type Policy, type Thresholds } from '../model/policy.ts';
import type { Latch } from './latch.ts';

/** Ratios against thresholds: which level the constraints reach, and which they still hold. */
export interface Judged {
  readonly policy: Policy;
  readonly constraints: readonly ConstraintAssessment[];
  /** Live set ÷ limit of the heap. */
  readonly heapSteadyRatio: number;
  /** The same of the fullest worker thread. */
  readonly workerSteadyRatio: number;
  /** Caps the constraint that has latched. */
  readonly latch: Latch;
}

const ABOVE_NORMAL: readonly Level[] = [3, 2, 1];

/** Infinity for a disabled level: nothing reaches or holds it. */
export function ratioOf(ratios: LevelRatios, level: Level): number {
  return ratios[level - 1] ?? Infinity;
}

/** Elevated and high of a heap come from its live set, critical from its use; the others have one ratio. */
export function judgedRatio(
  judged: Judged,
  { constraint, utilizationRatio }: ConstraintAssessment,
  level: Level,
): number {
  if (level === 3) return utilizationRatio;
  if (constraint === 'heap') return judged.heapSteadyRatio;
  return constraint === 'worker' ? judged.workerSteadyRatio : utilizationRatio;
}

/** Whether the constraint is at or above the entry of `level` and may raise to it. */
export function reaches(judged: Judged, constraint: ConstraintAssessment, level: Level): boolean {
  const { enter } = thresholdsOf(constraint, judged.policy);
  return mayRaiseTo(judged, constraint, level) && judgedRatio(judged, constraint, level) >= ratioOf(enter, level);
}

/** Whether the constraint is at or above the exit of `level` and may raise to it. */
export function holds(judged: Judged, constraint: ConstraintAssessment, level: Level): boolean {
  const { exit } = thresholdsOf(constraint, judged.policy);
  return mayRaiseTo(judged, constraint, level) && judgedRatio(judged, constraint, level) >= ratioOf(exit, level);
}

/** The highest level that any constraint reaches. */
export function reachedLevel(judged: Judged): Level {
  for (const level of ABOVE_NORMAL) {
    for (const constraint of judged.constraints) if (reaches(judged, constraint, level)) return level;
  }
  return 0;
}

export function anyHolds(judged: Judged, level: Level): boolean {
  for (const constraint of judged.constraints) if (holds(judged, constraint, level)) return true;
  return false;
}

/** The highest level below `from` that can be entered at all; a disabled one is stepped over. */
export function nextLevelDown(from: Level, { thresholds, budgetThresholds }: Policy): Level {
  for (const level of ABOVE_NORMAL) {
    if (level < from && (isEnabled(thresholds, level) || isEnabled(budgetThresholds, level))) return level;
  }
  return 0;
}

/** The highest level there is for what the kernel says. */
export function topLevel({ thresholds }: Policy): Level {
  for (const level of ABOVE_NORMAL) if (isEnabled(thresholds, level)) return level;
  return 0;
}

function isEnabled({ enter }: Thresholds, level: Level): boolean {
  return enter[level - 1] !== undefined;
}

function mayRaiseTo({ latch }: Judged, constraint: ConstraintAssessment, level: Level): boolean {
  if (constraint.weight === 'elevated' && level > 1) return false;
  return constraint.constraint !== latch.constraint || level <= latch.cap;
}
