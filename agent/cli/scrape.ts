/** A process seen through its metrics endpoint: the exporter's table read backwards, from series to columns. */
import { prometheusLabel, prometheusName } from '../../exporters/prometheus-name.ts';
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import { METRICS } from '../model/metrics.ts';
import { PROCESS_ATTRIBUTE, type Attributes } from '../model/metric.ts';
import { COL, createRow, type Row } from '../model/row.ts';
import type { ListenAddress } from '../config/parse.ts';
import { cacheViewOf } from './cache-view.ts';
import type { ProcessView } from './process-view.ts';
import { parsePrometheusText, type Sample } from './prometheus-text.ts';
import { bindingConstraint } from './recording.ts';

const TIMEOUT_MS = 3_000;
/** `full` is 150 series, 30 kB. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Rejects when nothing answers within three seconds. */
export async function httpGet(url: URL): Promise<Answer> {
  const { get } = await import('node:http'); // half of the time it takes to say --version
  return await new Promise((resolve, reject) => {
    const request = get(
      url,
      { agent: false, timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > MAX_BODY_BYTES) request.destroy(new Error(`${url.href} answers with more than 4 MiB`));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
  });
}

/** Where a listener on this address is reached from the same machine; every address is reached at loopback. */
export function urlOf({ host, port }: ListenAddress, path: string): URL {
  const reachable = host === '::' ? '::1' : host === '0.0.0.0' ? '127.0.0.1' : host;
  return new URL(path, `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`);
}

/** The processes behind one /metrics; none when the text is not ours. */
export function viewsOf(text: string, from: string): readonly ProcessView[] {
  const samples = parsePrometheusText(text);
  const slots = new Set(valuesOf(samples, 'plimsoll.agent.info', PROCESS_ATTRIBUTE));
  const target = samples.find(({ name }) => name === 'target_info')?.labels ?? {};
  return [...slots].map((slot) => {
    const own = samples.filter(({ labels }) => labels[prometheusLabel(PROCESS_ATTRIBUTE)] === slot);
    const info = own.find(({ name }) => name === nameOf('plimsoll.agent.info'))?.labels ?? {};
    const degraded = valuesOf(own, 'plimsoll.agent.degraded', 'reason');
    return {
      serviceName: target['service_name'] ?? '',
      // of whoever answers; which of several that is, the text does not tell
      serviceInstanceId: slots.size === 1 ? (target['service_instance_id'] ?? '') : '',
      process: slot,
      pid: undefined,
      agentVersion: info['version'] ?? '',
      nodeVersion: info['node'] ?? '',
      mode: info['mode'] ?? '',
      from,
      row: rowOf(own, degraded),
      degraded,
      caches: cacheViewOf(own),
    };
  });
}

function nameOf(metric: string): string {
  const found = METRICS.find(({ name }) => name === metric);
  return found === undefined ? '' : prometheusName(found);
}

/** The values a label has over the series of a metric. */
function valuesOf(samples: readonly Sample[], metric: string, attribute: string): readonly string[] {
  const name = nameOf(metric);
  const label = prometheusLabel(attribute);
  return samples.filter((sample) => sample.name === name).flatMap(({ labels }) => labels[label] ?? []);
}

/** What is not exported stays NaN; a sum of several columns cannot be taken apart. */
function rowOf(samples: readonly Sample[], degraded: readonly string[]): Row {
  const row = createRow();
  for (const metric of METRICS) {
    if (!('points' in metric)) continue;
    const series = samples.filter(({ name }) => name === prometheusName(metric));
    for (const { attributes, columns } of metric.points) {
      const [column, ...others] = columns;
      if (column === undefined || others.length > 0) continue;
      const value = series.find(({ labels }) => carries(labels, attributes))?.value;
      if (value !== undefined) row[COL[column]] = value;
    }
  }
  const seconds = samples.find(({ name }) => name === nameOf('plimsoll.agent.last_sample'))?.value;
  for (const constraint of CONSTRAINTS) completeConstraint(row, constraint);
  if (degraded.includes('drill')) row[COL.drillLevel] = row[COL.level] ?? Number.NaN;
  row[COL.wallMs] = (seconds ?? Number.NaN) * 1000;
  const [binding] = valuesOf(samples, 'plimsoll.pressure.binding', 'plimsoll.constraint');
  row[COL.bindingConstraint] = CONSTRAINTS.indexOf(binding as Constraint);
  const constraint = bindingConstraint(row);
  if (constraint !== undefined) {
    row[COL.headroomBytes] = row[COL[`${constraint}HeadroomBytes`]] ?? Number.NaN;
    row[COL.timeToLimitSeconds] = row[COL[`${constraint}TimeToLimitSeconds`]] ?? Number.NaN;
  }
  return row;
}

/** Use and headroom of the constraints that do not kill are left out of the text: the others say them. */
function completeConstraint(row: Row, constraint: Constraint): void {
  const [usage, headroom] = [COL[`${constraint}UsageBytes`], COL[`${constraint}HeadroomBytes`]];
  const limitBytes = row[COL[`${constraint}LimitBytes`]] ?? Number.NaN;
  const ratio = row[COL[`${constraint}UtilizationRatio`]] ?? Number.NaN;
  if (Number.isNaN(row[usage] ?? Number.NaN)) row[usage] = ratio * limitBytes;
  if (Number.isNaN(row[headroom] ?? Number.NaN)) row[headroom] = limitBytes - (row[usage] ?? Number.NaN);
}

/** The series' labels are the attributes, and the process. */
function carries(labels: Readonly<Record<string, string>>, attributes: Attributes): boolean {
  const wanted = Object.entries(attributes);
  return (
    wanted.length === Object.keys(labels).length - 1 &&
    wanted.every(([name, value]) => labels[prometheusLabel(name)] === value)
  );
}
