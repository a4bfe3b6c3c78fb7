import type { Constraint } from './constraint.ts';
import type { Level } from './level.ts';

/**
 * How far a constraint may raise the level.
 *
 * - `fully`: it is part of pressure and may raise to critical.
 * - `level`: it may raise to critical and is no part of pressure (throttle with measured stall).
 * - `elevated`: it may raise to elevated at most and is no part of pressure (host under another limit, throttle without stall).
 */
export type Weight = 'fully' | 'level' | 'elevated';

/** One ceiling as the classifier sees it. Present only when its limit is known and finite. */
export interface ConstraintAssessment {
  readonly constraint: Constraint;
  readonly weight: Weight;
  readonly usageBytes: number;
  readonly limitBytes: number;
  /** usageBytes ÷ limitBytes. */
  readonly utilizationRatio: number;
  /** limitBytes − usageBytes; negative when over. */
  readonly headroomBytes: number;
  readonly growthBytesPerSecond: number;
  /** headroom ÷ growth; undefined when it is not growing. */
  readonly timeToLimitSeconds: number | undefined;
}

/**
 * Why the level is what it is.
 *
 * - `utilization`: a constraint is at or above a level's entry.
 * - `held`: utilization is under the entry, and hysteresis, dwell or cool-down keeps the level.
 * - `kernel-event`: the kernel counted `max` or `oom` for the group.
 * - `drill`: somebody asked for this level, on trial; memory does not.
 * - `latched`: use is over a threshold and nothing moves: no stall, no event, anonymous memory flat; one level is taken off.
 */
export type Reason =
  | {
      readonly kind: 'utilization';
      readonly constraint: Constraint;
      readonly level: Level;
      readonly utilizationRatio: number;
      readonly thresholdRatio: number;
    }
  | { readonly kind: 'held'; readonly level: Level; readonly by: 'hysteresis' | 'dwell' | 'cool-down' }
  | { readonly kind: 'kernel-event'; readonly event: 'max' | 'oom' | 'oom_kill'; readonly count: number }
  | { readonly kind: 'drill'; readonly level: Level }
  | { readonly kind: 'latched'; readonly constraint: Constraint; readonly quietMs: number };

/** The classifier's answer for one sample. Plain data. */
export interface Assessment {
  readonly level: Level;
  /** Monotonic ms at which the level was entered. */
  readonly sinceMs: number;
  /** Monotonic ms of the sample. */
  readonly atMs: number;
  /** Largest utilization among the constraints of weight `fully`; 0 when there is none. */
  readonly pressureRatio: number;
  readonly binding: Constraint | undefined;
  readonly headroomBytes: number | undefined;
  readonly timeToLimitSeconds: number | undefined;
  readonly reasons: readonly Reason[];
  readonly constraints: readonly ConstraintAssessment[];
}
