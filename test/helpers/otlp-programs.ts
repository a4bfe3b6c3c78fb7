/** The real programs that take OTLP: VictoriaMetrics and an OpenTelemetry Collector, as scripts/receivers/install.sh put them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ask } from './http-client.ts';
import { freePort } from './prometheus.ts';
import { parsePrometheus, type Sample } from './prometheus-text.ts';

const INSTALLED = resolve(import.meta.dirname, '../../.cache/receivers');

/** The reason of a skip, or false. */
export const NO_VICTORIA_METRICS = missing('victoria-metrics');
export const NO_COLLECTOR = missing('otelcol');

function missing(name: string): string | false {
  return !existsSync(join(INSTALLED, name)) && `not installed: scripts/receivers/install.sh ${name}`;
}

/** Labels that say where a series comes from: the resource and the scope, which our own endpoint tells by `target_info`. */
const ORIGIN = new Set([
  'job',
  'instance',
  'service_name',
  'service_instance_id',
  'k8s_pod_name',
  'process_runtime_name',
  'process_runtime_version',
  'telemetry_distro_name',
  'telemetry_distro_version',
  'otel_scope_name',
  'otel_scope_version',
  'otel_scope_schema_url',
]);

export function withoutOrigin(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !ORIGIN.has(name)));
}

/** A program that takes OTLP and can be asked for what it keeps. */
export interface Receiver {
  /** OTEL_EXPORTER_OTLP_METRICS_ENDPOINT. */
  readonly metricsEndpoint: string;
  /** What it has of this service now; what is stale it has no more. */
  samples(serviceName: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

export interface VictoriaMetrics extends Receiver {
  /** How many series it ever stored of this service. */
  countEver(serviceName: string): Promise<number>;
}

export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const port = await freePort();
  const stop = await startProgram('victoria-metrics', port, '/health', (folder) => [
    `-httpListenAddr=127.0.0.1:${port}`,
    `-storageDataPath=${folder}`,
    '-opentelemetry.usePrometheusNaming',
    // a point is found at once, and 3 s later no more: for tests that do not wait for 30 s and 5 min
    '-search.latencyOffset=0s',
    '-search.maxStalenessInterval=3s',
    '-search.disableCache',
  ]);
  async function get<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    await ask({ port, path: '/internal/force_flush' }); // else what was taken is found a second later
    const { body } = await ask({ port, path: `${path}?${new URLSearchParams(parameters).toString()}` });
    return (JSON.parse(body.toString()) as { data: T }).data;
  }
  return {
    metricsEndpoint: `http://127.0.0.1:${port}/opentelemetry/v1/metrics`,
    async samples(serviceName) {
      // its own `now` is the last whole second
      const time = String(Date.now() / 1000);
      const { result } = await get<Found>('/api/v1/query', { query: selectorOf(serviceName), time, nocache: '1' });
      return result.map(({ metric: { __name__: name = '', ...labels }, value }) => {
        return { name, labels, value: Number(value[1]) };
      });
    },
    async countEver(serviceName) {
      return (await get<readonly unknown[]>('/api/v1/series', { 'match[]': selectorOf(serviceName) })).length;
    },
    stop,
  };
}

interface Found {
  readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] }[];
}

function selectorOf(serviceName: string): string {
  return `{service_name=${JSON.stringify(serviceName)}}`;
}

export interface Collector extends Receiver {
  /** OTEL_EXPORTER_OTLP_ENDPOINT, for logs too. */
  readonly endpoint: string;
  /** The page of its Prometheus exporter. */
  page(): Promise<string>;
  /** What its file exporter wrote so far: one OTLP/JSON request a line. */
  metricsFile(): readonly unknown[];
  logsFile(): readonly unknown[];
}

export async function startCollector(): Promise<Collector> {
  const [port, prometheusPort] = [await freePort(), await freePort()];
  let folder = '';
  const stop = await startProgram('otelcol', prometheusPort, '/metrics', (made) => {
    folder = made;
    const path = join(folder, 'collector.yaml');
    writeFileSync(path, collectorConfig(folder, port, prometheusPort));
    return [`--config=file:${path}`];
  });
  const page = async (): Promise<string> => (await ask({ port: prometheusPort, path: '/metrics' })).body.toString();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    metricsEndpoint: `http://127.0.0.1:${port}/v1/metrics`,
    page,
    async samples(serviceName) {
      const all = parsePrometheus(await page()).flatMap((family) => family.samples);
      return all.filter(({ labels }) => labels['job'] === serviceName);
    },
    metricsFile: () => jsonLines(join(folder, 'metrics.json')),
    logsFile: () => jsonLines(join(folder, 'logs.json')),
    stop,
  };
}

/** As few settings as can be: the names are to be those of a collector that nobody tuned. */
function collectorConfig(folder: string, port: number, prometheusPort: number): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } }
exporters:
  prometheus: { endpoint: '127.0.0.1:${prometheusPort}', metric_expiration: 3s }
  file/metrics: { path: '${folder}/metrics.json', flush_interval: 100ms }
  file/logs: { path: '${folder}/logs.json', flush_interval: 100ms }
service:
  telemetry: { metrics: { level: none }, logs: { level: warn } }
  pipelines:
    metrics: { receivers: [otlp], exporters: [prometheus, file/metrics] }
    logs: { receivers: [otlp], exporters: [file/logs] }
`;
}

/** The last line may be half written. */
function jsonLines(path: string): readonly unknown[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Resolves when the program answers; with what ends it and takes its folder away. */
async function startProgram(
  name: string,
  port: number,
  path: string,
  argsIn: (folder: string) => readonly string[],
): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), `plimsoll-${name}-`));
  const child = spawn(join(INSTALLED, name), argsIn(folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill); // also when a test throws before it stops the program
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  }
  const closed = new Promise<void>((done) => {
    child.once('close', () => done());
  });
  // neither tells anybody when it is ready: ask until it is
  for (let attempts = 0; ; attempts++) {
    const reply = await ask({ port, path }).catch(() => undefined);
    if (reply?.status === 200) break;
    assert.ok(attempts < 149 && child.exitCode === null, `${name} never answered\n${log}`);
    await delay(100);
  }
  return async () => {
    kill();
    await closed;
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  };
}
