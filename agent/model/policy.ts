import type { Constraint } from './constraint.ts';

/**
 * A ratio per level above normal (index 0 elevated, 1 high, 2 critical); `undefined` disables the level.
 */
export type LevelRatios = readonly [
  elevated: number | undefined,
  high: number | undefined,
  critical: number | undefined,
];

export interface Thresholds {
  readonly enter: LevelRatios;
  /** Below `exit` of a level, the level may be left; always ≤ its `enter`. */
  readonly exit: LevelRatios;
}

/** The budget has thresholds of its own. */
export function thresholdsOf({ constraint }: { readonly constraint: Constraint }, policy: Policy): Thresholds {
  return constraint === 'budget' ? policy.budgetThresholds : policy.thresholds;
}

/** What the classifier is told: all of its settings, and nothing else, decide its answer. */
export interface Policy {
  /** For every constraint but the budget. */
  readonly thresholds: Thresholds;
  /** For the budget constraint. */
  readonly budgetThresholds: Thresholds;
  /** A level is entered after this many consecutive samples at or above it. */
  readonly confirmSamples: number;
  /** Shortest stay in a level before it may be left downwards, ms; counted from the last sample that reached its entry. */
  readonly dwellMs: number;
  /** Shortest time between two steps down, ms; each step leaves one level. */
  readonly coolDownMs: number;
}

/** How much is asked for, and how often. */
export interface ReclaimPolicy {
  /** Parts of the process's memory. */
  readonly targets: LevelRatios;
  /** Least time between two reclaims of a level. */
  readonly coolDownMs: number;
}

/**
 * From this part of the limit on, the heap's current use counts and not its live set. V8 starts a major collection at
 * the latest half-way between live set and limit and overshoots that by at most half of the rest
 * (Heap::AllocationLimitOvershotByLargeMargin), so a live set of .65 peaks at .91 in theory and was seen at .84.
 */
export const HEAP_CURRENT_COUNTS_FROM = 0.9;

/** Fastest growth of touched memory measured in one Node.js process: Buffers at 690 MB/s, objects at 450–660 MB/s. */
export const FASTEST_GROWTH_BYTES_PER_MS = 700_000;
