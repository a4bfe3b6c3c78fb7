import type { Reason } from '../model/assessment.ts';
import { COL, type Row } from '../model/row.ts';
import { cell, findConstraint, STALLED_RATIO } from './constraints.ts';
import type { KernelEvidence } from './evidence.ts';
import { ratioOf, type Judged } from './levels.ts';

/** Which kernel counts are an alarm, and which are the page cache being taken back. */

export type KernelEvent = Extract<Reason, { kind: 'kernel-event' }>;

/** With less of the limit than this in reclaimable memory, the kernel had nothing cheap to take when it counted. */
const NOTHING_TO_RECLAIM_RATIO = 0.05;

export function alarmingEvent(row: Row, evidence: KernelEvidence, judged: Judged): KernelEvent | undefined {
  const { max, oom, oomKill } = evidence;
  if (oomKill > 0) return { kind: 'kernel-event', event: 'oom_kill', count: oomKill };
  if (oom > 0) return { kind: 'kernel-event', event: 'oom', count: oom };
  if (max > 0 && maxIsAlarming(row, evidence, judged)) return { kind: 'kernel-event', event: 'max', count: max };
  return undefined;
}

/**
 * `max` counts each time the group reaches its limit, and a group whose page cache fills the limit does so all day
 * without harm. It is an alarm when that costs waiting time from elevated on; and from high on also when there is hardly
 * anything reclaimable now: at the moment of the count use and cache made up the whole limit, so without cache it was use
 * that has gone since.
 */
function maxIsAlarming(row: Row, { counters }: KernelEvidence, { constraints, policy }: Judged): boolean {
  const container = findConstraint(constraints, 'container');
  if (container === undefined) return false;
  const { utilizationRatio, usageBytes, limitBytes } = container;
  const { enter } = policy.thresholds;
  if (counters.stallRatio >= STALLED_RATIO && utilizationRatio >= ratioOf(enter, 1)) return true;
  const reclaimableRatio = (cell(row, COL.cgroupUsageBytes) - usageBytes) / limitBytes;
  return utilizationRatio >= ratioOf(enter, 2) && reclaimableRatio < NOTHING_TO_RECLAIM_RATIO;
}
