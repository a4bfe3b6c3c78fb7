import { COL, type Row } from '../model/row.ts';
import { cell } from './constraints.ts';

/**
 * What the kernel counted since the previous row: the events and the stall of the group. Counters are compared only
 * within one group: another limit means that another level of the hierarchy is the tightest now, with counts of its own.
 */
export interface KernelCounters {
  readonly limitBytes: number;
  readonly max: number;
  readonly oom: number;
  readonly oomKill: number;
  readonly stallSeconds: number;
  readonly majorFaults: number;
  /** Part of wall time in which some task of the group waited for memory, over the last few seconds. */
  readonly stallRatio: number;
}

export interface KernelEvidence {
  readonly counters: KernelCounters;
  /** New counts since the previous row; 0 where unknown. */
  readonly max: number;
  readonly oom: number;
  readonly oomKill: number;
  /** Stall since the previous row, s, or its stand-in; NaN when nothing tells. */
  readonly stalledSeconds: number;
}

export const NO_COUNTERS: KernelCounters = {
  limitBytes: Number.NaN,
  max: Number.NaN,
  oom: Number.NaN,
  oomKill: Number.NaN,
  stallSeconds: Number.NaN,
  majorFaults: Number.NaN,
  stallRatio: 0,
};

/** Time in which a measured stall fades to 1/e: longer than one sample, shorter than the dwell. */
const STALL_FADE_SECONDS = 2;

/** Without PSI a major fault stands for 1 ms of stall: about one read from a disk. Quiet is then under 1 fault/s. */
const SECONDS_PER_MAJOR_FAULT = 0.001;

/** `elapsedSeconds` ≥ 0 since the row of `before`. */
export function observeKernel(row: Row, before: KernelCounters, elapsedSeconds: number): KernelEvidence {
  const limitBytes = cell(row, COL.cgroupLimitBytes);
  const max = cell(row, COL.cgroupEventsMax);
  const oom = cell(row, COL.cgroupEventsOom);
  const oomKill = cell(row, COL.cgroupEventsOomKill);
  const stallSeconds = cell(row, COL.cgroupStallSomeSeconds);
  const majorFaults = cell(row, COL.processMajorFaults);
  const sameGroup = Object.is(limitBytes, before.limitBytes);

  const stalled = growth(stallSeconds, before.stallSeconds);
  const faults = growth(majorFaults, before.majorFaults);
  const stallRatio = fadedRatio(before.stallRatio, stalled, elapsedSeconds);
  const isSame =
    sameGroup &&
    Object.is(max, before.max) &&
    Object.is(oom, before.oom) &&
    Object.is(oomKill, before.oomKill) &&
    Object.is(stallSeconds, before.stallSeconds) &&
    Object.is(majorFaults, before.majorFaults) &&
    stallRatio === before.stallRatio;
  return {
    // At rest nothing is counted: the same object again is garbage saved at every sample.
    counters: isSame
      ? before
      : {
          limitBytes,
          max: base(max, before.max, sameGroup),
          oom: base(oom, before.oom, sameGroup),
          oomKill: base(oomKill, before.oomKill, sameGroup),
          stallSeconds,
          majorFaults,
          stallRatio,
        },
    max: sameGroup ? growth(max, before.max) || 0 : 0,
    oom: sameGroup ? growth(oom, before.oom) || 0 : 0,
    oomKill: sameGroup ? growth(oomKill, before.oomKill) || 0 : 0,
    stalledSeconds: Number.isNaN(stalled) ? faults * SECONDS_PER_MAJOR_FAULT : stalled,
  };
}

/** NaN when one of the two is missing or the counter went backwards: another group, so nothing can be said. */
function growth(now: number, before: number): number {
  return Number.isFinite(now) && Number.isFinite(before) && now >= before ? now - before : Number.NaN;
}

/** A count that is missing for a while is compared with the last one known; in another group there is none. */
function base(now: number, before: number, sameGroup: boolean): number {
  return sameGroup && !Number.isFinite(now) ? before : now;
}

function fadedRatio(before: number, stalledSeconds: number, elapsedSeconds: number): number {
  const fade = Math.exp(-elapsedSeconds / STALL_FADE_SECONDS);
  const ratio = elapsedSeconds > 0 && stalledSeconds > 0 ? Math.min(1, stalledSeconds / elapsedSeconds) : 0;
  return fade * before + (1 - fade) * ratio;
}
