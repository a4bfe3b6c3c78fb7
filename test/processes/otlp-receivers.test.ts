/**
 * Preloaded processes that send OTLP to real receivers, beside twins that serve the Prometheus endpoint: what arrives, how fresh it is,
 * and that what has ended goes. The whole table of metrics is in otlp-receivers-names.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { appIn } from '../../scripts/install-apps.ts';
import { attributesOf, logRecordsIn, pointsIn } from '../helpers/otlp-file.ts';
import {
  NO_COLLECTOR,
  NO_VICTORIA_METRICS,
  startCollector,
  startVictoriaMetrics,
  type Collector,
  type VictoriaMetrics,
} from '../helpers/otlp-programs.ts';
import { OUR_SCOPE } from '../helpers/telemetry.ts';
import { eventually } from '../helpers/watched-app.ts';
import {
  checksOf,
  endApps,
  FIRST_EXPORT_MS,
  MOST_SERIES,
  shapesOf,
  start,
  twinSamples,
  type Way,
} from './otlp-receivers-checks.ts';

const PROTOBUF = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };
const JSON_TEXT = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
const GZIP = { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
const DELTAS = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' };

/** AggregationTemporality of opentelemetry-proto. */
const DELTA = 1;
const CUMULATIVE = 2;

/** By the level that was reached. */
const SEVERITIES: Readonly<Record<string, [text: string, number: number]>> = {
  elevated: ['WARN', 13],
  high: ['ERROR', 17],
  critical: ['FATAL', 21],
};

/** An application that has OpenTelemetry's SDK and the runtime's metrics. */
const OTEL_3 = appIn('otel-3');
const SDK_3 = fileURLToPath(new URL('../bench/overhead/apps/sdk-3.cjs', import.meta.url));

function startJoined(collector: Collector): void {
  start('collector-joined', 'full', {
    NODE_OPTIONS: `--require ${SDK_3}`,
    BENCH_PACKAGES: OTEL_3.folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_METRIC_EXPORT_TIMEOUT: '500',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  });
}

describe('OTLP that preloaded processes send', { concurrency: true }, () => {
  after(endApps);

  describe('to VictoriaMetrics', { skip: NO_VICTORIA_METRICS, concurrency: 1 }, () => {
    let receiver: VictoriaMetrics;
    before(async () => {
      receiver = await startVictoriaMetrics();
    });
    after(() => receiver.stop());
    const ways: readonly Way[] = [
      { tier: 'core', env: PROTOBUF },
      { tier: 'full', env: { ...PROTOBUF, ...GZIP } },
    ];
    checksOf('victoria', ways, () => receiver);

    for (const { tier } of ways) {
      test(`${tier}: at most ${MOST_SERIES[tier]} series are ever stored`, async () => {
        const ever = await receiver.countEver(`victoria-${tier}`);
        assert.ok(ever > 10 && ever <= MOST_SERIES[tier], `${ever} series`);
      });
    }
  });

  describe('to an OpenTelemetry Collector', { skip: NO_COLLECTOR, concurrency: 1 }, () => {
    let receiver: Collector;
    before(async () => {
      receiver = await startCollector();
      start('collector-delta', 'full', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...JSON_TEXT, ...DELTAS });
      if (OTEL_3.skip === false) startJoined(receiver);
    });
    after(() => receiver.stop());
    const ways: readonly Way[] = [
      { tier: 'core', env: JSON_TEXT },
      { tier: 'full', env: PROTOBUF },
    ];
    checksOf('collector', ways, () => receiver);

    test(
      "joined to an application's SDK, its exporter gives our metrics the same names",
      { skip: OTEL_3.skip },
      async () => {
        await eventually(async () => {
          const samples = await receiver.samples('collector-joined');
          const ours = samples.filter(({ labels }) => labels['otel_scope_name'] === OUR_SCOPE);
          // what the application's own instrumentation of the runtime has is left out
          const expected = shapesOf(await twinSamples('full')).filter((shape) => !/^(v8js|nodejs)_/.test(shape));
          assert.deepEqual(shapesOf(ours), expected);
        }, FIRST_EXPORT_MS);
      },
    );

    test('events arrive as log records of the moment they happened at', async () => {
      const { record, severity } = await eventually(() => {
        const records = logRecordsIn(receiver.logsFile(), 'collector-delta');
        const first = records.find(({ eventName }) => eventName === 'plimsoll.pressure.changed');
        assert.ok(first, `${records.length} records`);
        return { record: first, severity: SEVERITIES[String(attributesOf(first)['plimsoll.level.to'])] };
      }, FIRST_EXPORT_MS);

      assert.deepEqual([record.severityText, record.severityNumber], severity);
      const attributes = attributesOf(record);
      assert.equal(attributes['plimsoll.level.from'], 'normal');
      assert.equal(attributes['plimsoll.process'], 'main');
      assert.match(String(attributes['plimsoll.constraint']), /^(heap|container|budget|host)$/);
      assert.ok(Number(attributes['plimsoll.pressure']) > 0.6, String(attributes['plimsoll.pressure']));
      assert.ok(Number(attributes['plimsoll.headroom']) > 0, String(attributes['plimsoll.headroom']));
      assert.match(record.body.stringValue ?? '', /of its limit/);

      const [point] = pointsIn(receiver.metricsFile(), 'collector-delta', 'nodejs.eventloop.time');
      const afterStartSeconds = secondsBetween(point?.startTimeUnixNano, record.timeUnixNano);
      assert.ok(
        afterStartSeconds > 0 && afterStartSeconds < 8,
        `${afterStartSeconds} s after the start, not when it was sent`,
      );
    });

    test('with delta temporality counters are what was added, each request from where the one before ended', async () => {
      const points = await eventually(() => {
        const found = pointsIn(receiver.metricsFile(), 'collector-delta', 'nodejs.eventloop.time');
        assert.ok(found.length >= 8, `${found.length} points`);
        return found;
      }, FIRST_EXPORT_MS);
      const idle = points.filter((point) => attributesOf(point)['nodejs.eventloop.state'] === 'idle');
      for (const [index, { kind, temporality, startTimeUnixNano }] of idle.entries()) {
        assert.deepEqual({ kind, temporality }, { kind: 'sum', temporality: DELTA });
        assert.equal(startTimeUnixNano, idle[index - 1]?.timeUnixNano ?? startTimeUnixNano);
      }
      const firstNano = idle[0]?.timeUnixNano ?? ''; // the loop began after the process
      const aliveSeconds = secondsBetween(firstNano, idle.at(-1)?.timeUnixNano);
      const addedSeconds = points
        .filter(({ startTimeUnixNano }) => BigInt(startTimeUnixNano) >= BigInt(firstNano))
        .reduce((sum, { asDouble = Number.NaN }) => sum + asDouble, 0);
      assert.ok(Math.abs(addedSeconds - aliveSeconds) < 0.5, `${addedSeconds} s of a loop that ran ${aliveSeconds} s`);

      const of = (name: string) => pointsIn(receiver.metricsFile(), 'collector-delta', name)[0];
      assert.equal(of('v8js.gc.duration')?.temporality, DELTA);
      assert.equal(of('process.memory.usage')?.temporality, CUMULATIVE, 'ups and downs stay totals');
    });
  });
});

function secondsBetween(earlierNano = '', laterNano = ''): number {
  return Number(BigInt(laterNano) - BigInt(earlierNano)) / 1e9;
}
