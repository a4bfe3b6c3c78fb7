import type { Assessment } from '../model/assessment.ts';
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import { IDLE_ASSESSMENT } from '../model/handle.ts';
import { TRANSITIONS, type Level } from '../model/level.ts';
import { COL, type Row } from '../model/row.ts';
import { NO_COUNTERS, type KernelCounters } from './evidence.ts';
import { NO_GROWTHS, type Growths } from './growth.ts';
import { NO_LATCH, type Latch } from './latch.ts';

/** Where the level stands, and since when. Times are monotonic ms. */
export interface Standing {
  readonly level: Level;
  readonly sinceMs: number;
  /** The last sample that reached the level: the dwell counts from here. */
  readonly reachedMs: number;
  /** The last step down; −Infinity before the first. */
  readonly steppedDownMs: number;
  /** What keeps a level that is not reached. */
  readonly heldBy: 'hysteresis' | 'dwell' | 'cool-down' | undefined;
}

/** Everything the classifier has to remember between two samples; plain data, never changed. */
export interface ClassifierMemory {
  readonly standing: Standing;
  /** How many samples in a row have reached elevated, high, critical; counted up to `confirmSamples`. */
  readonly streaks: readonly [elevated: number, high: number, critical: number];
  readonly counters: KernelCounters;
  readonly latch: Latch;
  readonly growth: Growths;
  /** How often each of TRANSITIONS was made. */
  readonly transitions: readonly number[];
}

export interface Verdict {
  readonly assessment: Assessment;
  readonly memory: ClassifierMemory;
}

/** What is before the first sample: normal, and nothing known. */
export function beforeFirst(atMs: number): Verdict {
  return {
    assessment: { ...IDLE_ASSESSMENT, sinceMs: atMs, atMs },
    memory: {
      standing: { level: 0, sinceMs: atMs, reachedMs: atMs, steppedDownMs: -Infinity, heldBy: undefined },
      streaks: [0, 0, 0],
      counters: NO_COUNTERS,
      latch: NO_LATCH,
      growth: NO_GROWTHS,
      transitions: TRANSITIONS.map(() => 0),
    },
  };
}

/** Some constraint reaches a higher level that one more sample would confirm: the sooner it comes, the better. */
export function isConfirming({ assessment, memory }: Verdict): boolean {
  const above: readonly number[] = memory.streaks.slice(assessment.level);
  return above.some((streak) => streak > 0);
}

function columnsOf(constraint: Constraint) {
  return {
    usageBytes: COL[`${constraint}UsageBytes`],
    limitBytes: COL[`${constraint}LimitBytes`],
    utilizationRatio: COL[`${constraint}UtilizationRatio`],
    headroomBytes: COL[`${constraint}HeadroomBytes`],
    growthBytesPerSecond: COL[`${constraint}GrowthBytesPerSecond`],
    timeToLimitSeconds: COL[`${constraint}TimeToLimitSeconds`],
  };
}

const CONSTRAINT_COLUMNS = {
  heap: columnsOf('heap'),
  container: columnsOf('container'),
  budget: columnsOf('budget'),
  throttle: columnsOf('throttle'),
  host: columnsOf('host'),
  worker: columnsOf('worker'),
} as const satisfies Record<Constraint, object>;

/** Fills the verdict columns of the row, so that the row alone says everything. NaN: no such constraint or value. */
export function writeVerdict(row: Row, { assessment, memory }: Verdict): void {
  row[COL.level] = assessment.level;
  row[COL.pressureRatio] = assessment.pressureRatio;
  row[COL.bindingConstraint] = assessment.binding === undefined ? -1 : CONSTRAINTS.indexOf(assessment.binding);
  row[COL.headroomBytes] = assessment.headroomBytes ?? Number.NaN;
  row[COL.timeToLimitSeconds] = assessment.timeToLimitSeconds ?? Number.NaN;
  row[COL.levelSinceMs] = assessment.sinceMs;
  row.fill(Number.NaN, COL.heapUsageBytes, COL.workerTimeToLimitSeconds + 1);
  for (const constraint of assessment.constraints) {
    const columns = CONSTRAINT_COLUMNS[constraint.constraint];
    row[columns.usageBytes] = constraint.usageBytes;
    row[columns.limitBytes] = constraint.limitBytes;
    row[columns.utilizationRatio] = constraint.utilizationRatio;
    row[columns.headroomBytes] = constraint.headroomBytes;
    row[columns.growthBytesPerSecond] = constraint.growthBytesPerSecond;
    row[columns.timeToLimitSeconds] = constraint.timeToLimitSeconds ?? Number.NaN;
  }
  // The columns follow each other in the order of TRANSITIONS (agent/model/row.ts).
  row.set(memory.transitions, COL.transition_normal_elevated);
}
