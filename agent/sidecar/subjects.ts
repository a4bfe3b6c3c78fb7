/** What the sidecar exports at this moment: its live processes, the deaths of each service and container, and what it costs itself. */
import type { Subject } from '../../exporters/sidecar/subject.ts';
import type { ExporterKind } from '../model/exporter.ts';
import type { Attributes, Tier } from '../model/metric.ts';
import { DEATH_METRICS } from '../model/metrics-deaths.ts';
import type { WorkloadDeaths } from '../model/postmortem.ts';
import { COL, createRow, type Row } from '../model/row.ts';
import { NOTHING_GIVEN_BACK, type Degradation, type Identity, type Snapshot } from '../model/snapshot.ts';
import type { Fleet, Member } from './fleet.ts';

export interface SubjectsParts {
  readonly fleet: Fleet;
  readonly tier: Tier;
  own(): Identity;
  /** Of the sidecar's own exporters. */
  degraded(): readonly Degradation[];
  /** Events that left by no way. */
  wallMs(): number;
}

const CONTAINER = 'k8s.container.name';
/** What ends so soon, and well, leaves no series: exec probes, build steps. */
const SHORT_LIVED_MS = 10_000;

/** By its own option, or because its socket is closed to the sidecar: its metrics would be there twice. */
const EXPORTING: ReadonlySet<string> = new Set(['prometheus', 'otlp', 'join'] satisfies ExporterKind[]);

const DEATHS: ReadonlySet<string> = new Set(DEATH_METRICS.map(({ name }) => name));
/** Few: they are asked for when the sidecar is suspected. */
const OF_THE_SIDECAR: ReadonlySet<string> = new Set([
  'plimsoll.agent.info',
  'plimsoll.agent.degraded',
  'plimsoll.agent.cpu',
  'plimsoll.agent.memory',
]);

export function createSubjects(parts: SubjectsParts): () => readonly Subject[] {
  const startWallMs = parts.wallMs();
  const ownRow = createRow();
  const noRow = createRow();

  function members(): readonly Member[] {
    const grownMs = parts.wallMs() - SHORT_LIVED_MS;
    return parts.fleet.members().filter((member) => member.state() !== 'ended' && member.startWallMs <= grownMs);
  }

  function processSubject(member: Member, snapshot: Snapshot): Subject {
    const { serviceName, resource } = snapshot.identity;
    return {
      key: member.instanceId,
      startWallMs: member.startWallMs,
      snapshot,
      tier: parts.tier,
      origin: originOf(serviceName, resource[CONTAINER]),
    };
  }

  function deathsSubject({ serviceName, container, counts }: WorkloadDeaths): Subject {
    const own = parts.own();
    const resource = container === '' ? withoutContainer(own) : { ...own.resource, [CONTAINER]: container };
    return {
      key: `deaths ${serviceName} ${container}`,
      startWallMs,
      snapshot: { ...snapshotOf({ ...own, serviceName, resource }, noRow), deaths: counts },
      tier: parts.tier,
      origin: originOf(serviceName, container),
      only: DEATHS,
    };
  }

  function ownSubject(): Subject {
    const { user, system } = process.cpuUsage();
    ownRow[COL.agentCpuSeconds] = (user + system) / 1e6;
    ownRow[COL.agentMemoryBytes] = process.memoryUsage.rss();
    const own = parts.own();
    return {
      key: own.serviceInstanceId,
      startWallMs,
      snapshot: { ...snapshotOf(own, ownRow), degraded: parts.degraded() },
      tier: 'full',
      origin: originOf(own.serviceName, own.resource[CONTAINER]),
      only: OF_THE_SIDECAR,
    };
  }

  return () => {
    const processes = members().flatMap((member) => {
      const snapshot = member.snapshot();
      return snapshot === undefined ? [] : [processSubject(member, snapshot)];
    });
    const deaths = withZeros(parts.fleet.workloadDeaths(), processes);
    const exported = processes.filter(({ snapshot }) => !EXPORTING.has(snapshot.identity.exporter));
    return [...exported, ...deaths.map(deathsSubject), ownSubject()];
  };
}

/** A workload in which nobody has died yet counts from 0, so that `increase()` sees the first. */
function withZeros(counted: readonly WorkloadDeaths[], processes: readonly Subject[]): readonly WorkloadDeaths[] {
  const all = new Map(counted.map((deaths) => [keyOf(deaths), deaths]));
  for (const { snapshot } of processes) {
    const { serviceName, resource } = snapshot.identity;
    const none = { serviceName, container: resource[CONTAINER] ?? '', counts: [] };
    if (!all.has(keyOf(none))) all.set(keyOf(none), none);
  }
  return [...all.values()];
}

function keyOf({ serviceName, container }: Pick<WorkloadDeaths, 'serviceName' | 'container'>): string {
  return `${serviceName}\n${container}`;
}

function originOf(serviceName: string, container: string | undefined): Attributes {
  return {
    'service.name': serviceName,
    ...(container === undefined || container === '' ? {} : { [CONTAINER]: container }),
  };
}

function withoutContainer({ resource }: Identity): Identity['resource'] {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== CONTAINER));
}

function snapshotOf(identity: Identity, row: Row): Snapshot {
  return { ...NOTHING_GIVEN_BACK, actions: [], degraded: [], row, identity, tellsSurroundings: true };
}
