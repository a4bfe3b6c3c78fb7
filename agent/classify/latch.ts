import type { ConstraintAssessment } from '../model/assessment.ts';
import type { Constraint } from '../model/constraint.ts';
import type { Level } from '../model/level.ts';
import { findConstraint } from './constraints.ts';
import type { KernelEvidence } from './evidence.ts';

/**
 * A use that sits over a threshold while nothing moves is no danger, and a level that never ends is no signal: after five
 * quiet minutes one level is taken off, and given back with the first movement. Only for what the kernel counts
 * (container, or host where that counts fully): what it calls unreclaimable may include memory it would find a way to take.
 * Throttle needs none, since it raises beyond elevated only with stall; heap and budget are counted exactly.
 */
export interface Latch {
  /** The constraint that is watched; undefined: there is none. */
  readonly constraint: Constraint | undefined;
  readonly limitBytes: number;
  /** Since when nothing has moved, monotonic ms. */
  readonly quietSinceMs: number;
  /** Anonymous memory at that time, and the lowest utilization since. */
  readonly anonBytes: number;
  readonly utilizationRatio: number;
  /** Stall beyond what counts as quiet, s; see STALL_DEBT_SECONDS. */
  readonly stallDebtSeconds: number;
  /** The level before the first one was taken off; 0: none was. */
  readonly from: Level;
  /** The constraint may raise to this level at most. */
  readonly cap: Level;
}

export const NO_LATCH: Latch = {
  constraint: undefined,
  limitBytes: 0,
  quietSinceMs: 0,
  anonBytes: Number.NaN,
  utilizationRatio: 0,
  stallDebtSeconds: 0,
  from: 0,
  cap: 3,
};

export const LATCH_QUIET_MS = 300_000;
/** Stall up to this part of wall time is quiet. */
const QUIET_STALL_RATIO = 0.001;
/** What that part makes of LATCH_QUIET_MS. Stall fills a bucket that drains at QUIET_STALL_RATIO; full means moved. */
const STALL_DEBT_SECONDS = (QUIET_STALL_RATIO * LATCH_QUIET_MS) / 1000;
const QUIET_ANON_RATIO = 0.01;
const QUIET_UTILIZATION_RATIO = 0.02;

/** The constraint that can latch: at most one of them can hold a level above elevated without stall. */
export function latchable(constraints: readonly ConstraintAssessment[]): ConstraintAssessment | undefined {
  const container = findConstraint(constraints, 'container');
  if (container !== undefined) return container;
  const host = findConstraint(constraints, 'host');
  return host?.weight === 'fully' ? host : undefined;
}

/** `level`: before this sample. Only what is high or was taken off by a latch needs watching; normal ends it. */
export function observeLatch(
  before: Latch,
  level: Level,
  watched: ConstraintAssessment | undefined,
  anonBytes: number,
  evidence: KernelEvidence,
  elapsedSeconds: number,
  atMs: number,
): Latch {
  if (watched === undefined || level === 0 || (level === 1 && before.from === 0)) return NO_LATCH;
  const filled = before.stallDebtSeconds + evidence.stalledSeconds;
  const stallDebtSeconds = Math.max(0, filled - QUIET_STALL_RATIO * elapsedSeconds);
  if (isQuiet(before, watched, anonBytes, evidence, filled)) {
    const utilizationRatio = Math.min(before.utilizationRatio, watched.utilizationRatio);
    const same = stallDebtSeconds === before.stallDebtSeconds && utilizationRatio === before.utilizationRatio;
    return same ? before : { ...before, stallDebtSeconds, utilizationRatio };
  }
  const { constraint, limitBytes, utilizationRatio } = watched;
  return {
    constraint,
    limitBytes,
    quietSinceMs: atMs,
    anonBytes,
    utilizationRatio,
    stallDebtSeconds: 0,
    from: 0,
    cap: 3,
  };
}

/** Every comparison is false for NaN: what cannot be known is not quiet. */
function isQuiet(
  before: Latch,
  watched: ConstraintAssessment,
  anonBytes: number,
  { max, oom, oomKill }: KernelEvidence,
  stallDebtSeconds: number,
): boolean {
  return (
    before.constraint === watched.constraint &&
    before.limitBytes === watched.limitBytes &&
    max + oom + oomKill === 0 &&
    stallDebtSeconds < STALL_DEBT_SECONDS &&
    Math.abs(anonBytes - before.anonBytes) < QUIET_ANON_RATIO * watched.limitBytes &&
    watched.utilizationRatio < before.utilizationRatio + QUIET_UTILIZATION_RATIO
  );
}
