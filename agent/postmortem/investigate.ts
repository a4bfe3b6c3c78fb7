/** From what was found to the post-mortem. Pure. */
import type { Postmortem } from '../model/postmortem.ts';
import type { FoundDeath } from './found.ts';

export function investigate(found: FoundDeath): Postmortem {
  const { header } = found.reading;
  const { identity } = header;
  return {
    version: 1,
    cause: 'killed',
    evidence: 'inferred',
    confidence: 0.5,
    because: [],
    instance: identity.serviceInstanceId,
    serviceName: identity.serviceName,
    process: identity.process,
    pid: Number.isNaN(identity.pid) ? null : identity.pid,
    nodeVersion: identity.nodeVersion,
    agentVersion: identity.agentVersion,
    resource: identity.resource,
    foundBy: found.foundBy,
    startedMs: identity.startWallMs,
    diedMs: found.diedMs ?? found.reading.end?.wallMs ?? null,
    foundMs: found.foundMs,
    exitCode: found.ending?.code ?? found.reading.end?.exitCode ?? null,
    signal: found.ending?.signal ?? null,
    last: null,
    caches: [],
    job: null,
    stage: null,
    actions: found.note?.actions ?? [],
    events: found.note?.events ?? [],
    timeline: [],
    repair: null,
    recording: found.path,
  };
}
