/** From what was found to the post-mortem. Pure. */
import type { Postmortem } from '../model/postmortem.ts';
import { cluesOf, momentOf } from './clues.ts';
import type { FoundDeath } from './found.ts';
import { cachesOf, lastStateOf, nameAt, timelineOf } from './last-state.ts';
import { repairOf } from './repair.ts';
import { verdictOf } from './verdict.ts';

export function investigate(found: FoundDeath): Postmortem {
  const { reading, note } = found;
  const { identity } = reading.header;
  const rows = reading.records.map(({ row }) => row);
  const last = rows.at(-1);
  const clues = cluesOf(found);
  const verdict = verdictOf(clues);
  const diedMs = momentOf(found);
  return {
    version: 1,
    ...verdict,
    instance: identity.serviceInstanceId,
    serviceName: identity.serviceName,
    process: identity.process,
    pid: Number.isNaN(identity.pid) ? null : identity.pid,
    nodeVersion: identity.nodeVersion,
    agentVersion: identity.agentVersion,
    resource: identity.resource,
    foundBy: found.foundBy,
    startedMs: identity.startWallMs,
    diedMs: diedMs ?? null,
    foundMs: found.foundMs,
    exitCode: clues.exitCode ?? null,
    signal: clues.signal ?? null,
    last: last === undefined ? null : lastStateOf(last, diedMs),
    caches: cachesOf(rows, note),
    job: nameAt(last, 'jobName', note?.names ?? []),
    stage: nameAt(last, 'stageName', note?.names ?? []),
    actions: note?.actions ?? [],
    events: note?.events ?? [],
    timeline: timelineOf(rows),
    repair: last === undefined ? null : repairOf(verdict, last),
    recording: found.path,
  };
}
