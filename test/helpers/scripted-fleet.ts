/** A fleet whose processes a test puts there and takes away. */
import type { NotedEvent } from '../../agent/model/note.ts';
import type { Postmortem, WorkloadDeaths } from '../../agent/model/postmortem.ts';
import { COL } from '../../agent/model/row.ts';
import type { Identity, Snapshot } from '../../agent/model/snapshot.ts';
import type { Fleet, FleetChange, Member, MemberState } from '../../agent/sidecar/fleet.ts';
import { ordinarySnapshot } from './snapshot.ts';

export interface ScriptedFleet extends Fleet {
  /** Live, an hour old. */
  add(identity: Partial<Identity>, more?: Partial<Snapshot> & { startWallMs?: number }): ScriptedMember;
  setDeaths(deaths: readonly WorkloadDeaths[]): void;
  tell(change: FleetChange): void;
}

export interface ScriptedMember extends Member {
  become(state: MemberState): void;
  /** Of the snapshot that everybody gets. */
  readonly latest: Snapshot;
}

export function createScriptedFleet(nowMs: () => number = Date.now): ScriptedFleet {
  const members: ScriptedMember[] = [];
  const listeners = new Set<(change: FleetChange) => void>();
  let deaths: readonly WorkloadDeaths[] = [];
  return {
    add(identity, { startWallMs = nowMs() - 3_600_000, ...more } = {}) {
      const plain = ordinarySnapshot({ wallMs: nowMs() });
      const instanceId = identity.serviceInstanceId ?? `20261122T101500Z-${String(members.length).padStart(8, '0')}`;
      const latest: Snapshot = {
        ...plain,
        tellsSurroundings: (identity.process ?? 'main') === 'main',
        ...more,
        identity: { ...plain.identity, exporter: 'sidecar', ...identity, serviceInstanceId: instanceId },
      };
      let state: MemberState = 'live';
      const member: ScriptedMember = {
        instanceId,
        path: `/nowhere/${instanceId}.ring`,
        header: headerOf(latest.identity, startWallMs),
        startWallMs,
        state: () => state,
        blockedSinceMs: () => (state === 'blocked' ? (latest.row[COL.wallMs] ?? 0) : undefined),
        snapshot: () => latest,
        note: () => undefined,
        records: () => [],
        history: () => [],
        control: () => undefined,
        latest,
        become: (next) => (state = next),
      };
      members.push(member);
      return member;
    },
    setDeaths: (counted) => (deaths = counted),
    tell(change) {
      for (const listener of listeners) listener(change);
    },
    members: () => members,
    deaths: () => deaths.flatMap(({ counts }) => counts),
    workloadDeaths: () => deaths,
    postmortems: () => [],
    events: () => [],
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => Promise.resolve(),
  };
}

function headerOf(identity: Identity, startWallMs: number): Member['header'] {
  return {
    columns: [],
    identity: { ...identity, pid: 1, heapFlags: [], startWallMs, startMonotonicMs: 0 },
    facts: {},
    policy: undefined,
    omitted: 0,
    noteSlotBytes: 0,
    formatVersion: 1,
    headerBytes: 4096,
    recordBytes: 0,
    capacity: 0,
    nonce: [0, 0],
  };
}

export function notedEvent(wallMs: number, changes: Partial<NotedEvent> = {}): NotedEvent {
  return {
    name: 'plimsoll.pressure.changed',
    wallMs,
    severity: 'ERROR',
    text: 'high: heap at 0.85 of its limit',
    attributes: { 'plimsoll.level.to': 'high', 'plimsoll.process': 'main' },
    ...changes,
  };
}

export function postmortemOf(
  identity: Partial<Identity>,
  foundMs: number,
  changes: Partial<Postmortem> = {},
): Postmortem {
  return {
    version: 1,
    cause: 'kernel_oom',
    evidence: 'observed',
    confidence: 1,
    because: ['the container counted one kill more'],
    instance: identity.serviceInstanceId ?? '20261122T101500Z-dead0000',
    serviceName: identity.serviceName ?? 'shop',
    process: identity.process ?? 'main',
    pid: 7,
    nodeVersion: '24.21.0',
    agentVersion: '0.1.0',
    resource: identity.resource ?? {},
    foundBy: 'sidecar',
    startedMs: foundMs - 60_000,
    diedMs: foundMs - 100,
    foundMs,
    exitCode: null,
    signal: null,
    last: null,
    caches: [],
    job: null,
    stage: null,
    actions: [],
    events: [],
    timeline: [],
    repair: null,
    recording: '/nowhere/dead.ring',
    ...changes,
  };
}
