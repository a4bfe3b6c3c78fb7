import type { Assessment } from '../model/assessment.ts';
import {
  FASTEST_GROWTH_BYTES_PER_MS,
  HEAP_CURRENT_COUNTS_FROM,
  type Policy,
  type Thresholds,
} from '../model/policy.ts';
import { COL, type Row } from '../model/row.ts';

/**
 * When to look next, as pure arithmetic: the next threshold cannot be reached before its distance is used up at the
 * fastest growth there is, so looking then misses nothing, and looking earlier is a waste.
 */

/** A first sample over a threshold is confirmed by a second one this soon, not at the next tick: 60 ms are all there is. */
export const CONFIRM_DELAY_MS = 1;

/** A probe that has moved by this part of a limit asks for a full sample. */
const MOVED_RATIO = 0.02;

/** The raw numbers a probe can read, and how far each was from its next threshold at the last full sample. */
export interface Distances {
  /** Bytes to the next threshold, smallest over the constraints that a column moves. Infinity: none. */
  readonly heapBytes: number;
  readonly containerBytes: number;
  readonly budgetBytes: number;
  /** 2 % of the limit of each. */
  readonly heapStepBytes: number;
  readonly containerStepBytes: number;
  readonly budgetStepBytes: number;
}

export function distances(row: Row, assessment: Assessment, policy: Policy): Distances {
  const heapLimit = value(row, COL.heapOldLimitBytes);
  const heapUse = (row[COL.heapOldUsedBytes] ?? 0) + (row[COL.heapNewLargeUsedBytes] ?? 0);
  const container = { bytes: Infinity, step: Infinity };
  const budget = { bytes: Infinity, step: Infinity };
  for (const constraint of assessment.constraints) {
    const thresholds = constraint.constraint === 'budget' ? policy.budgetThresholds : policy.thresholds;
    if (constraint.constraint === 'container' || constraint.constraint === 'throttle') {
      container.bytes = Math.min(container.bytes, gap(constraint.usageBytes, constraint.limitBytes, thresholds));
      container.step = Math.min(container.step, MOVED_RATIO * constraint.limitBytes);
    } else if (constraint.constraint === 'budget') {
      budget.bytes = gap(constraint.usageBytes, constraint.limitBytes, thresholds);
      budget.step = MOVED_RATIO * constraint.limitBytes;
    }
  }
  return {
    heapBytes: heapGap(heapUse, heapLimit, policy.thresholds),
    containerBytes: container.bytes,
    budgetBytes: budget.bytes,
    heapStepBytes: Number.isFinite(heapLimit) ? MOVED_RATIO * heapLimit : Infinity,
    containerStepBytes: container.step,
    budgetStepBytes: budget.step,
  };
}

/** How far the probe's columns have moved since the row of the last full sample. */
export interface Movement {
  readonly heapBytes: number;
  readonly containerBytes: number;
  readonly budgetBytes: number;
}

/** Whether what a probe saw is worth a full sample. */
export function moved(from: Distances, by: Movement): boolean {
  return (
    Math.abs(by.heapBytes) >= from.heapStepBytes ||
    Math.abs(by.containerBytes) >= from.containerStepBytes ||
    Math.abs(by.budgetBytes) >= from.budgetStepBytes ||
    by.heapBytes >= from.heapBytes ||
    by.containerBytes >= from.containerBytes ||
    by.budgetBytes >= from.budgetBytes
  );
}

/** ms until the nearest threshold could be reached, within [minMs, maxMs]. */
export function nextDelayMs(from: Distances, by: Movement, minMs: number, maxMs: number): number {
  const nearestBytes = Math.min(
    from.heapBytes - by.heapBytes,
    from.containerBytes - by.containerBytes,
    from.budgetBytes - by.budgetBytes,
  );
  return Math.min(maxMs, Math.max(minMs, nearestBytes / FASTEST_GROWTH_BYTES_PER_MS));
}

/** Bytes to the next threshold above the use; to the limit itself above the last one. */
function gap(usageBytes: number, limitBytes: number, { enter }: Thresholds): number {
  for (const threshold of enter) {
    if (threshold !== undefined && usageBytes < threshold * limitBytes) return threshold * limitBytes - usageBytes;
  }
  return Math.max(0, limitBytes - usageBytes);
}

function heapGap(useBytes: number, limitBytes: number, { enter }: Thresholds): number {
  if (!Number.isFinite(limitBytes)) return Infinity;
  const from = HEAP_CURRENT_COUNTS_FROM * limitBytes;
  if (useBytes < from) return from - useBytes;
  const critical = (enter[2] ?? 1) * limitBytes;
  return Math.max(0, (useBytes < critical ? critical : limitBytes) - useBytes);
}

function value(row: Row, column: number): number {
  return row[column] ?? Number.NaN;
}
