/** How what the fleet knows leaves the sidecar: Prometheus or OTLP, and events as lines of JSON. */
import { hostname } from 'node:os';

import { eventLine } from '../../exporters/sidecar/event-line.ts';
import { createFleetOtlp } from '../../exporters/sidecar/otlp.ts';
import { createFleetPrometheus } from '../../exporters/sidecar/prometheus.ts';
import { recordOf, recordOfNoted, type EventRecord } from '../../exporters/log-record.ts';
import type { ExporterKind } from '../model/exporter.ts';
import type { NotedEvent } from '../model/note.ts';
import type { Postmortem } from '../model/postmortem.ts';
import type { Degradation, Identity } from '../model/snapshot.ts';
import { VERSION } from '../model/version.ts';
import type { SidecarParts } from './index.ts';
import type { Fleet, Member } from './fleet.ts';
import { createSubjects } from './subjects.ts';
import { createToldEvents } from './told-events.ts';

export interface FleetExporting {
  readonly kind: ExporterKind;
  /** `http://…/metrics`; undefined: not listening (yet). */
  metricsUrl(): string | undefined;
  /** Sends what it has, within 3 s, and lets go of everything. Call it before the fleet is stopped. */
  stop(): Promise<void>;
}

/** Never the service's own name: its series would be taken for those of the application. */
const SERVICE_NAME = 'plimsoll-sidecar';
/** What happened before is history, not news: nobody was told by a sidecar that was not there. */
const NEWS_MS = 60_000;

/** Listens to the fleet from now on: make it before the fleet tells of anything. Never throws. */
export function createFleetExporting(parts: SidecarParts, fleet: Fleet): FleetExporting {
  const { options, clock } = parts;
  const kind = kindOf(parts);
  const startMs = clock.wallMs();
  const troubles = new Map<string, Degradation>();
  const told = createToldEvents(parts.directory, clock);
  const own = ownIdentity(parts, kind);
  const source = {
    own: () => own,
    subjects: createSubjects({
      fleet,
      tier: options.metrics,
      own: () => own,
      degraded: () => [...troubles.values()],
      wallMs: clock.wallMs,
    }),
  };
  const prometheus = createFleetPrometheus({
    ...source,
    listen: options.listen,
    isScraped: kind === 'prometheus',
    clock,
    onProblem: parts.onProblem,
  });
  const otlp = kind === 'otlp' ? openOtlp() : undefined;
  const unsubscribe = fleet.subscribe((change) => {
    if (change.kind === 'event') tellEvent(change.member, change.event);
    else if (change.kind === 'postmortem') tellDeath(change.postmortem);
  });
  prometheus.start();
  otlp?.start();

  function openOtlp() {
    for (const found of parts.otlp.problems) parts.onProblem(found);
    return createFleetOtlp({
      ...source,
      otlp: parts.otlp,
      clock,
      onTrouble(degradation, found) {
        if (!troubles.has(degradation.reason)) parts.onProblem(found);
        troubles.set(degradation.reason, degradation);
      },
      onRecovered: (reason) => void troubles.delete(reason),
    });
  }

  function tellEvent(member: Member, event: NotedEvent): void {
    const of = member.snapshot()?.identity ?? { ...member.header.identity, mode: 'off' };
    if (!told.isNew(member.instanceId, event, newsSince(of))) return;
    tell(recordOfNoted(event, of.process), event.wallMs, of);
  }

  /** What a process exported by itself until now, it has told itself. */
  function newsSince({ exporter }: Identity): number {
    return exporter === 'otlp' || exporter === 'join' ? clock.wallMs() : startMs - NEWS_MS;
  }

  function tellDeath(postmortem: Postmortem): void {
    const { instance, process, foundMs, cause } = postmortem;
    const name = 'plimsoll.process.died';
    // however old: whoever reported it before us did not tell it
    if (!told.isNew(instance, { name, wallMs: foundMs, text: cause }, -Infinity)) return;
    const record = recordOf({ name, postmortem }, process, () => '');
    tell(record, postmortem.diedMs ?? foundMs, identityOf(postmortem, own));
  }

  function tell(record: EventRecord, wallMs: number, of: Identity): void {
    parts.onEventLine(eventLine(record, wallMs, of));
    otlp?.record(record, wallMs, of);
  }

  return {
    kind,
    metricsUrl() {
      const address = prometheus.address();
      return address === undefined ? undefined : `http://${address}/metrics`;
    },
    async stop() {
      unsubscribe();
      told.close();
      await Promise.all([prometheus.close(), otlp?.stop()]);
    },
  };
}

/** A sidecar has nobody to join, and no sidecar of its own. */
function kindOf({ options, otlp, fallbackExporter }: SidecarParts): ExporterKind {
  const { exporter } = options;
  const wanted = exporter === 'auto' || exporter === 'sidecar' || exporter === 'join' ? fallbackExporter : exporter;
  return wanted === 'otlp' && otlp.metrics === undefined ? 'prometheus' : wanted;
}

/** The same after a restart, and another for each pod and folder: what it counts goes on. */
function ownIdentity({ directory, resource }: SidecarParts, exporter: ExporterKind): Identity {
  return {
    serviceName: SERVICE_NAME,
    serviceInstanceId: `${hostname()}:${directory}`,
    process: 'main',
    agentVersion: VERSION,
    nodeVersion: process.versions.node,
    mode: 'observe',
    exporter,
    resource,
  };
}

function identityOf(postmortem: Postmortem, { mode, exporter }: Identity): Identity {
  const { serviceName, instance, process, agentVersion, nodeVersion, resource } = postmortem;
  return { serviceName, serviceInstanceId: instance, process, agentVersion, nodeVersion, mode, exporter, resource };
}
