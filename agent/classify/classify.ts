import type { Level } from '../model/level.ts';
import { TRANSITIONS } from '../model/level.ts';
import type { Policy } from '../model/policy.ts';
import { COL, type Row } from '../model/row.ts';
import { assessConstraints, bindingOf, observeGrowths } from './assess.ts';
import { cell, heapSteadyRatio, workerSteadyRatio } from './constraints.ts';
import { observeKernel } from './evidence.ts';
import { alarmingEvent } from './kernel-event.ts';
import { latchable, observeLatch, type Latch } from './latch.ts';
import { reachedLevel, topLevel, type Judged } from './levels.ts';
import { reasonsFor } from './reasons.ts';
import { confirmedLevel, latchedLevel, nextStanding, nextStreaks, releasedLevel, stepDown } from './standing.ts';
import { beforeFirst, type ClassifierMemory, type Verdict } from './verdict.ts';

/**
 * One sample's level, and why. A pure function: the row, the policy and the previous verdict decide the answer, time is
 * the row's `monotonicMs`, and nothing that was handed in is changed. Never throws; readings that are no plausible
 * byte counts are as good as absent.
 */
export function classify(row: Row, policy: Policy, previous: Verdict | undefined): Verdict {
  const atMs = sampleMs(row, previous);
  const before = previous ?? beforeFirst(atMs);
  const { memory } = before;
  const elapsedSeconds = (atMs - before.assessment.atMs) / 1000;

  const evidence = observeKernel(row, memory.counters, elapsedSeconds);
  const growth = observeGrowths(row, before, atMs);
  const constraints = assessConstraints(row, growth, evidence.counters.stallRatio, atMs);
  const watched = latchable(constraints);
  const { level } = memory.standing;
  const quiet = observeLatch(
    memory.latch,
    level,
    watched,
    cell(row, COL.cgroupAnonBytes),
    evidence,
    elapsedSeconds,
    atMs,
  );
  const judged: Judged = {
    policy,
    constraints,
    heapSteadyRatio: heapSteadyRatio(row),
    workerSteadyRatio: workerSteadyRatio(row),
    latch: quiet,
  };

  const event = alarmingEvent(row, evidence, judged);
  const reached = event === undefined ? reachedLevel(judged) : topLevel(policy);
  const streaks = nextStreaks(memory.streaks, reached, policy);
  const certain = event === undefined ? releasedLevel(judged, memory.latch, watched) : reached;
  const confirmed = higher(certain, confirmedLevel(streaks, policy));
  const latched = confirmed > level ? undefined : latchedLevel(judged, memory.standing, atMs);

  const latch = latched === undefined ? quiet : withCap(quiet, level, latched);
  const settled = latched === undefined ? judged : { ...judged, latch };
  const standing =
    latched === undefined
      ? nextStanding(settled, memory.standing, confirmed, reached, atMs)
      : stepDown(settled, memory.standing, latched, atMs);

  const binding = bindingOf(constraints);
  return {
    assessment: {
      level: standing.level,
      sinceMs: standing.sinceMs,
      atMs,
      pressureRatio: binding?.utilizationRatio ?? 0,
      binding: binding?.constraint,
      headroomBytes: binding?.headroomBytes,
      timeToLimitSeconds: binding?.timeToLimitSeconds,
      reasons: reasonsFor(settled, standing, event, atMs),
      constraints,
    },
    memory: {
      standing,
      streaks,
      counters: evidence.counters,
      latch,
      growth,
      transitions: counted(memory.transitions, level, standing.level),
    },
  };
}

/** A clock that is missing or runs backwards stands still. */
function sampleMs(row: Row, previous: Verdict | undefined): number {
  const ms = cell(row, COL.monotonicMs);
  const lastMs = previous?.assessment.atMs ?? 0;
  return ms >= lastMs && ms <= Number.MAX_SAFE_INTEGER ? ms : lastMs;
}

function higher(a: Level, b: Level): Level {
  return a > b ? a : b;
}

function withCap(latch: Latch, level: Level, cap: Level): Latch {
  return { ...latch, from: higher(latch.from, level), cap };
}

function counted(transitions: ClassifierMemory['transitions'], from: Level, to: Level): readonly number[] {
  if (from === to) return transitions;
  const made = TRANSITIONS.findIndex((pair) => pair[0] === from && pair[1] === to);
  return transitions.map((count, index) => (index === made ? count + 1 : count));
}
