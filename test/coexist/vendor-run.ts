/** One program under a vendor's preload, with Plimsoll and without: what its receiver got, and how it ended. */
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { appIn } from '../../scripts/install-apps.ts';
import { ask } from '../helpers/http-client.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../helpers/otlp-receiver.ts';
import { freePort } from '../helpers/prometheus.ts';
import { AGENT, startNode, type RunningNode, type RunResult } from '../helpers/run-node.ts';
import { OUR_SCOPE, splitOurs, telemetryOf, type Telemetry } from '../helpers/telemetry.ts';
import type { Loader, Vendor, VendorCell } from './vendors.ts';

const PROGRAMS = resolve(import.meta.dirname, '../fixtures/apps/telemetry');
/** Three orders at its start and one at our request: each a server's span and a client's, and the same of its outgoing request. */
const HTTP_SPANS = 4 * 4;
/** So often is each metric exported after all has happened. */
const LAST_EXPORTS = 2;
/** Plimsoll joins and pushes from 10 s on, and some vendors export statistics each 10 s. */
const LONG_ENOUGH_MS = 12_000;
const LIFE_MS = 60_000;

export interface VendorRun {
  readonly telemetry: Telemetry;
  readonly result: RunResult;
  /** What the Prometheus endpoint said, where there is no MeterProvider to join. */
  readonly scraped: string | undefined;
}

export async function runWithout(vendor: Vendor, loader: Loader): Promise<VendorRun> {
  const theirs = preloadOf(vendor, loader);
  return await run(vendor, loader, theirs, () => delay(LONG_ENOUGH_MS, undefined));
}

export async function runWith({ vendor, loader, order, exporter }: VendorCell): Promise<VendorRun> {
  const theirs = preloadOf(vendor, loader);
  const ours = loader === 'import' ? ['--import', AGENT] : ['-r', AGENT];
  const preload = order === 'ours first' ? [...ours, ...theirs] : [...theirs, ...ours];
  const port = await freePort();
  return await run(
    vendor,
    loader,
    preload,
    async (receiver) => {
      const seen =
        exporter === 'prometheus'
          ? scrape(port)
          : receiver.until((request) => telemetryOf([request]).metrics.some(isPressure)).then(() => undefined);
      return (await Promise.all([seen, delay(LONG_ENOUGH_MS)]))[0];
    },
    {
      PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
      PLIMSOLL_EXPORTER: exporter === 'join' ? 'auto' : exporter,
      PLIMSOLL_METRICS: 'full',
    },
  );
}

/** What differs that should not, one line each; none: at home. */
export function differences(
  { vendor, exporter }: VendorCell,
  without: VendorRun,
  withUs: VendorRun,
): readonly string[] {
  const found: string[] = [];
  for (const signal of ['spans', 'metrics', 'logs', 'resource'] as const) {
    const expected = without.telemetry[signal];
    const { theirs } = splitOurs(withUs.telemetry[signal]);
    for (const line of lacking(expected, theirs)) found.push(`${signal}: gone: ${line}`);
    for (const line of lacking(theirs, expected)) found.push(`${signal}: new: ${line}`);
  }
  const ours = splitOurs(withUs.telemetry.metrics).ours;
  const isThere =
    exporter === 'prometheus' ? withUs.scraped?.includes('plimsoll_pressure_ratio') : ours.some(isPressure);
  if (isThere !== true) found.push('ours: no plimsoll.pressure');
  for (const line of exporter === 'join' ? ours : []) {
    if (vendor.keeps?.test(line.slice(OUR_SCOPE.length + 1))) found.push(`ours: theirs already: ${line}`);
  }
  for (const what of ['code', 'signal', 'stdout'] as const) {
    const [expected, actual] = [without.result[what], withUs.result[what]].map(timeless);
    if (expected !== actual) found.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
  return found;
}

async function run(
  vendor: Vendor,
  loader: Loader,
  preload: readonly string[],
  /** What Plimsoll does comes before the last order, so that it is exported before that. */
  meanwhile: (receiver: OtlpReceiver) => Promise<string | undefined>,
  env: Readonly<Record<string, string>> = {},
): Promise<VendorRun> {
  const { folder, skip } = appIn(vendor.app);
  assert.equal(skip, false, String(skip));
  const receiver = await startOtlpReceiver();
  const program = join(PROGRAMS, loader === 'import' ? 'service.mjs' : 'service.cjs');
  const app = startNode({
    preload: 'none',
    args: loader === 'node-options' ? [program] : [...preload, program],
    cwd: folder,
    env: {
      OTEL_SERVICE_NAME: 'shop',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: '2000',
      OTEL_METRIC_EXPORT_TIMEOUT: '2000', // the longest that the interval allows
      OTEL_BSP_SCHEDULE_DELAY: '300',
      OTEL_LOGS_EXPORTER: 'none',
      ...vendor.env,
      ...(loader === 'node-options' ? { NODE_OPTIONS: preload.join(' ') } : {}),
      ...env,
    },
    timeoutMs: LIFE_MS,
  });
  try {
    const scraped = await Promise.race([
      live(app, receiver, vendor, meanwhile),
      app.ended.then(({ report }) => assert.fail(report)),
    ]);
    app.child.stdin.end();
    const result = await app.ended;
    return { telemetry: telemetryOf(receiver.requests), result, scraped };
  } finally {
    app.child.kill('SIGKILL');
    await receiver.close();
  }
}

function preloadOf(vendor: Vendor, loader: Loader): readonly string[] {
  return vendor.preload[loader === 'import' ? 'import' : 'require'] ?? [];
}

async function live(
  app: RunningNode,
  receiver: OtlpReceiver,
  vendor: Vendor,
  meanwhile: (receiver: OtlpReceiver) => Promise<string | undefined>,
): Promise<string | undefined> {
  await app.until(/served/);
  const scraped = await meanwhile(receiver);
  app.child.stdin.write('one more\n');
  await receiver.until(() => telemetryOf(receiver.requests).spans.filter(isHttp).length >= HTTP_SPANS);
  const exported = (): number => receiver.requests.filter(({ path }) => path === '/v1/metrics').length;
  const before = exported();
  if (vendor.isJoined) await receiver.until(() => exported() >= before + LAST_EXPORTS);
  return scraped;
}

/** It listens some 300 ms after the start. */
async function scrape(port: number): Promise<string> {
  for (let attempts = 0; attempts < 200; attempts++) {
    const reply = await ask({ port, path: '/readyz' }).catch(() => undefined);
    if (reply?.status === 200) break;
    await delay(50);
  }
  return String((await ask({ port, path: '/metrics' })).body);
}

function isHttp(line: string): boolean {
  return / GET kind [23] /.test(line);
}

/** Vendors log with the time. */
function timeless(said: string | number | null): string {
  return String(said).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}

function isPressure(line: string): boolean {
  return line.startsWith(`${OUR_SCOPE} plimsoll.pressure gauge`);
}

/** Each line as often as it stands in `lines` more than in `others`. */
function lacking(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
