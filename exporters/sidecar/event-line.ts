import type { Identity } from '../../agent/model/snapshot.ts';
import type { EventRecord } from '../log-record.ts';

/** An event as one line of JSON, for whoever collects what containers write to stdout. */
export function eventLine(record: EventRecord, wallMs: number, of: Identity): string {
  const container = of.resource['k8s.container.name'];
  return JSON.stringify({
    ts: new Date(wallMs).toISOString(),
    event: record.eventName,
    severity: record.severityText,
    body: record.body,
    service: of.serviceName,
    ...(container === undefined ? {} : { container }),
    process: of.process,
    instance: of.serviceInstanceId,
    attributes: record.attributes,
  });
}
