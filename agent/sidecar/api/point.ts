import { COL, type Row } from '../../model/row.ts';
import type { Member } from '../fleet.ts';
import { bindingOf, isDrill, levelOf, nameOf, numberOf } from './numbers.ts';
import { isWanted, type Target } from './route.ts';
import type { ApiPoint } from './types.ts';

/** Rows of one process → points. */
export function pointsOf(member: Member): (row: Row) => ApiPoint {
  const process = slotOf(member);
  const note = member.note();
  return (row) => {
    const binding = bindingOf(row);
    return {
      instance: member.instanceId,
      process,
      wallMs: row[COL.wallMs] ?? 0,
      level: levelOf(row),
      isDrill: isDrill(row),
      pressureRatio: numberOf(row, 'pressureRatio'),
      binding,
      usageBytes: binding === null ? null : numberOf(row, `${binding}UsageBytes`),
      limitBytes: binding === null ? null : numberOf(row, `${binding}LimitBytes`),
      headroomBytes: numberOf(row, 'headroomBytes'),
      timeToLimitSeconds: numberOf(row, 'timeToLimitSeconds'),
      rssBytes: numberOf(row, 'processRssBytes'),
      heapUsedBytes: numberOf(row, 'heapUsedBytes'),
      cachesBytes: numberOf(row, 'cachesBytes'),
      job: nameOf(row, 'jobName', note),
      stage: nameOf(row, 'stageName', note),
    };
  };
}

/** As the fleet names it; without a record, as its file does. */
export function slotOf(member: Member): string {
  return member.snapshot()?.identity.process ?? member.header.identity.process;
}

export function isMemberOf(target: Target): (member: Member) => boolean {
  const isOne = isWanted(target);
  return (member) => isOne({ instance: member.instanceId, process: slotOf(member) });
}
