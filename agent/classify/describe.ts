import type { Reason } from '../model/assessment.ts';
import { levelName } from '../model/level.ts';

const EVENTS = {
  max: 'reached its limit and found little to reclaim',
  oom: 'could not get memory under its limit',
  oom_kill: 'had a process killed for memory',
} as const;

const HOLDS = {
  hysteresis: 'not below its exit yet',
  dwell: 'its shortest stay is not over',
  'cool-down': 'the last step down was just now',
} as const;

/** A reason as one short English sentence, without its full stop. */
export function describeReason(reason: Reason): string {
  if (reason.kind === 'utilization') {
    const { constraint, level, utilizationRatio, thresholdRatio } = reason;
    return `${constraint} at ${ratio(utilizationRatio)} of its limit, ${levelName(level)} from ${ratio(thresholdRatio)}`;
  }
  if (reason.kind === 'drill') return `a drill asks for ${levelName(reason.level)}, memory does not`;
  if (reason.kind === 'held') return `still ${levelName(reason.level)}: ${HOLDS[reason.by]}`;
  if (reason.kind === 'kernel-event') {
    return `the kernel counted ${reason.event} ${reason.count}×: the group ${EVENTS[reason.event]}`;
  }
  const quietSeconds = Math.round(reason.quietMs / 1000);
  return `${reason.constraint} over a threshold, yet nothing has moved for ${quietSeconds} s: taken down`;
}

/** Two decimals, rounded down: 0.9199 is not yet 0.92. */
function ratio(value: number): string {
  return (Math.floor(value * 100 + 1e-9) / 100).toFixed(2);
}
