/** What the preloaded agent sends by OTLP over HTTP, to whom, and when. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { METRICS } from '../../agent/model/metrics.ts';
import { VERSION } from '../../agent/model/version.ts';
import { work } from '../helpers/otlp-app.ts';
import { bodyOf } from '../helpers/otlp-protobuf.ts';
import {
  startOtlpReceiver,
  type OtlpReceiver,
  type OtlpReceiverOptions,
  type OtlpRequest,
} from '../helpers/otlp-receiver.ts';

/** Mostly waiting processes. */
const CONCURRENCY = 8;
const CRITICAL = { PLIMSOLL_PROCESS_BUDGET: '20MiB' };

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}
interface Points {
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly {
    readonly timeUnixNano: string;
    readonly startTimeUnixNano: string;
    readonly attributes: readonly Attribute[];
  }[];
}
interface Sent {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: Points;
  readonly sum?: Points;
  readonly histogram?: Points;
}
interface LogRecord {
  readonly eventName: string;
  readonly severityText: string;
  readonly severityNumber: number;
  readonly timeUnixNano: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly Attribute[];
}
interface Group {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeMetrics?: readonly [{ readonly scope: object; readonly metrics: readonly Sent[] }];
  readonly scopeLogs?: readonly [{ readonly scope: object; readonly logRecords: readonly LogRecord[] }];
}

function groupOf(request: OtlpRequest | undefined): Group {
  assert.ok(request !== undefined, 'nothing was sent');
  const body = bodyOf(request) as { resourceMetrics?: readonly [Group]; resourceLogs?: readonly [Group] };
  const [group] = body.resourceMetrics ?? body.resourceLogs ?? [];
  assert.ok(group !== undefined);
  return group;
}

function metricsOf(request: OtlpRequest | undefined): readonly Sent[] {
  return groupOf(request).scopeMetrics?.[0].metrics ?? [];
}

function resourceOf(group: Group): Record<string, string | undefined> {
  return Object.fromEntries(group.resource.attributes.map(({ key, value }) => [key, value.stringValue]));
}

const anyMetrics = (request: OtlpRequest): boolean => request.path.endsWith('/v1/metrics');
const anyLogs = (request: OtlpRequest): boolean => request.path === '/v1/logs';

async function withReceiver(
  use: (receiver: OtlpReceiver) => Promise<void>,
  options: OtlpReceiverOptions = {},
): Promise<void> {
  const receiver = await startOtlpReceiver(options);
  try {
    await use(receiver);
  } finally {
    await receiver.close();
  }
}

describe('OTLP over HTTP', { concurrency: CONCURRENCY }, () => {
  test('first after 10 s, then once more at the end, when the application has nothing left to do', () =>
    withReceiver(async ({ url, requests, until }) => {
      const beganMs = Date.now();
      const { exitMs, result } = await work({
        isYoung: true,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
        async until() {
          await until(anyMetrics);
          await delay(1200); // for another sample
        },
      });
      const [first = 0, last = 0, ...more] = requests
        .filter(anyMetrics)
        .map((request) => metricsOf(request)[0]?.gauge?.dataPoints[0]?.timeUnixNano)
        .map((time) => Number(time) / 1e6 - beganMs);
      assert.deepEqual(more, [], result.report);
      assert.ok(first > 9000, `first after ${first} ms`);
      assert.ok(last > first, `last after ${last} ms\n${result.report}`);
      assert.ok(exitMs < 2000, `it ended ${exitMs} ms late`);
    }));

  test('a process that ends before it is 10 s old has sent nothing and said nothing, not even of wrong variables', () =>
    withReceiver(async ({ url, requests }) => {
      const { lines, result } = await work({
        isYoung: true,
        until: (running) => running.until(/pressure critical/, 'stderr').then(() => delay(1500)),
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc',
          OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
          ...CRITICAL,
        },
      });
      assert.equal(lines.length, 1, result.report);
      assert.equal(requests.length, 0);
    }));

  test('metrics with the names, units and kinds of the table, all of this process, cumulative since it began', () =>
    withReceiver(async ({ url, requests, until }) => {
      const beganMs = Date.now();
      const { lines, result } = await work({
        until: () => until(anyMetrics),
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_SERVICE_NAME: 'shop',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,process.runtime.name=mine',
        },
      });
      assert.deepEqual(lines, [], result.report);
      const [first] = requests;
      const group = groupOf(first);
      const { 'service.instance.id': instance, 'process.runtime.version': node, ...resource } = resourceOf(group);
      assert.match(instance ?? '', /^\d{8}T\d{9}Z-[0-9a-f]{16}$/);
      assert.match(node ?? '', /^\d+\.\d+\.\d+$/);
      assert.deepEqual(resource, {
        'process.runtime.name': 'mine',
        'telemetry.distro.name': 'plimsoll',
        'telemetry.distro.version': VERSION,
        'deployment.environment.name': 'test',
        'service.name': 'shop',
      });
      assert.deepEqual(group.scopeMetrics?.[0].scope, { name: 'plimsoll', version: VERSION });
      assert.ok(metricsOf(first).length >= 15);
      for (const sent of metricsOf(first)) {
        const metric = METRICS.find(({ name }) => name === sent.name);
        assert.ok(metric !== undefined, sent.name);
        assert.equal(sent.unit, metric.unit);
        const { kind } = metric;
        const points = kind === 'gauge' ? sent.gauge : kind === 'histogram' ? sent.histogram : sent.sum;
        assert.ok(points !== undefined, `${sent.name} is no ${kind}`);
        if (kind !== 'gauge') assert.equal(points.aggregationTemporality, 2);
        if (kind === 'counter' || kind === 'updowncounter') assert.equal(points.isMonotonic, kind === 'counter');
        for (const { timeUnixNano, startTimeUnixNano, attributes } of points.dataPoints) {
          assert.ok(attributes.some(({ key, value }) => key === 'plimsoll.process' && value.stringValue === 'main'));
          const [startMs, timeMs] = [Number(startTimeUnixNano) / 1e6, Number(timeUnixNano) / 1e6];
          assert.ok(startMs > beganMs - 1000 && startMs < timeMs && timeMs < Date.now(), sent.name);
        }
      }
    }));

  test('protobuf and JSON say the same, gzipped or not', () =>
    withReceiver(async (plain) => {
      await withReceiver(async (zipped) => {
        await Promise.all([
          work({
            env: { OTEL_EXPORTER_OTLP_ENDPOINT: plain.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
            until: () => plain.until(anyMetrics),
          }),
          work({
            env: { OTEL_EXPORTER_OTLP_ENDPOINT: zipped.url, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
            until: () => zipped.until(anyMetrics),
          }),
        ]);
        const [json] = plain.requests;
        const [protobuf] = zipped.requests;
        assert.equal(json?.headers['content-type'], 'application/json');
        assert.equal(json?.headers['content-encoding'], undefined);
        assert.equal(protobuf?.headers['content-type'], 'application/x-protobuf');
        assert.equal(protobuf?.headers['content-encoding'], 'gzip');
        const shape = (request: OtlpRequest | undefined): readonly string[] =>
          metricsOf(request).map(({ name, unit }) => `${name} ${unit}`);
        assert.deepEqual(shape(protobuf), shape(json));
        assert.deepEqual(Object.keys(resourceOf(groupOf(protobuf))), Object.keys(resourceOf(groupOf(json))));
      });
    }));

  test('what happened, from the start on, as log records of the same resource and scope', () =>
    withReceiver(async ({ url, requests, until }) => {
      await work({
        until: () => until(anyLogs),
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          PLIMSOLL_DIR: '/dev/null/no-folder',
          ...CRITICAL,
        },
      });
      const logs = requests.find(anyLogs);
      const metrics = groupOf(requests.find(anyMetrics));
      const group = groupOf(logs);
      assert.deepEqual(group.resource, metrics.resource);
      assert.deepEqual(group.scopeLogs?.[0].scope, metrics.scopeMetrics?.[0].scope);
      const record = group.scopeLogs?.[0].logRecords.find(({ eventName }) => eventName === 'plimsoll.pressure.changed');
      assert.ok(record !== undefined);
      assert.deepEqual([record.severityText, record.severityNumber], ['FATAL', 21]);
      assert.match(record.body.stringValue, /^budget at \d+\.\d+ of its limit/);
      assert.ok(Number(record.timeUnixNano) / 1e6 > Date.now() - 20_000);
      const keys = new Set(record.attributes.map(({ key }) => key));
      const reasons = group.scopeLogs?.[0].logRecords
        .filter(({ eventName }) => eventName === 'plimsoll.agent.degraded')
        .flatMap(({ attributes }) => attributes.filter(({ key }) => key === 'reason'))
        .map(({ value }) => value.stringValue);
      assert.ok(reasons?.includes('record_failed'), String(reasons));
      for (const key of ['plimsoll.level.from', 'plimsoll.level.to', 'plimsoll.constraint', 'plimsoll.process'])
        assert.ok(keys.has(key), key);
    }));

  test('with `delta`, counters as what was added since the last export that was taken', async () => {
    const receiver = await startOtlpReceiver({ status: (n) => (n === 2 ? 503 : 200) });
    try {
      await work({
        until: () => receiver.until(() => receiver.requests.length >= 4),
        env: {
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics`,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
          OTEL_METRIC_EXPORT_INTERVAL: '400',
        },
      });
      const spans = receiver.requests.slice(0, 4).map((request) => {
        const counter = metricsOf(request).find(({ name }) => name === 'plimsoll.pressure.transitions')?.sum;
        assert.equal(counter?.aggregationTemporality, 1);
        const [point] = counter?.dataPoints ?? [];
        return [point?.startTimeUnixNano, point?.timeUnixNano];
      });
      const [[, first] = [], [secondStart] = [], [thirdStart, third] = [], [fourthStart] = []] = spans;
      assert.equal(secondStart, first, 'the second begins where the first ended');
      assert.equal(thirdStart, first, 'the second was refused: the third begins there again');
      assert.equal(fourthStart, third);
      const usage = metricsOf(receiver.requests[1]).find(({ name }) => name === 'process.memory.usage');
      assert.equal(usage?.sum?.aggregationTemporality, 2, 'ups and downs stay cumulative');
    } finally {
      await receiver.close();
    }
  });

  test('an application that listens for its own end is asked once, and there is no last export', () =>
    withReceiver(async ({ url, requests, until }) => {
      const answered = async (folder: string): Promise<void> => {
        await until(({ path }) => path === `/${folder}/v1/metrics`);
        await delay(1000);
      };
      await Promise.all([
        work({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/without` }, until: () => answered('without') }),
        work({
          program: 'ends-itself.cjs',
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/with` },
          until: () => answered('with'),
        }),
      ]);
      const count = (folder: string): number => requests.filter(({ path }) => path === `/${folder}/v1/metrics`).length;
      assert.deepEqual([count('without'), count('with')], [2, 1]);
    }));

  test('after an outage: events that happened meanwhile, and nobody is told twice', async () => {
    const receiver = await startOtlpReceiver({ status: (n) => (n <= 3 ? 503 : 200) });
    try {
      const { lines, result } = await work({
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRIC_EXPORT_INTERVAL: '300', ...CRITICAL },
        until: () => receiver.until(anyLogs).then(() => delay(1000)),
      });
      const told = lines.filter((line) => line.includes('PLM_OTLP_FAILED'));
      assert.equal(told.length, 1, result.report);
      assert.match(told[0] ?? '', /\(status 503\)/);
      const paths = receiver.requests.map(({ path }) => path);
      assert.deepEqual(paths.slice(0, 5), [...Array<string>(4).fill('/v1/metrics'), '/v1/logs']);
      const records = groupOf(receiver.requests[4]).scopeLogs?.[0].logRecords ?? [];
      const names = records.map(({ eventName }) => eventName);
      assert.ok(names.includes('plimsoll.pressure.changed') && names.includes('plimsoll.agent.degraded'), names.join());
      assert.equal(paths.filter((path) => path === '/v1/logs').length, 1, 'each event once');
    } finally {
      await receiver.close();
    }
  });
});
