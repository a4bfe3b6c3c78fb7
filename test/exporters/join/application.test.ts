/** What is found of an application's OpenTelemetry, by the real API of 1.10. The older versions: npm run test:coexist. */
import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { logs, metrics, type Logger, type LogRecord } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

import type { ExporterParts } from '../../../agent/model/exporter.ts';
import type { Problem } from '../../../agent/model/problem.ts';
import { createApplication } from '../../../exporters/join/index.ts';
import { ordinarySnapshot } from '../../helpers/snapshot.ts';

const API = Symbol.for('opentelemetry.js.api.1');
const OLD_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const CHANGED = { name: 'plimsoll.mode.changed', from: 'observe', to: 'protect' } as const;

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function setUp() {
  let nowMs = 0;
  const problems: Problem[] = [];
  const parts = {
    tier: 'core',
    clock: { wallMs: () => 1_795_342_500_250, monotonicMs: () => nowMs, setTimer: () => () => undefined },
    snapshot: () => ordinarySnapshot(),
    describe: () => '',
    onTrouble: (_degradation: unknown, found: Problem) => problems.push(found),
    onRecovered: () => undefined,
  } as unknown as ExporterParts;
  const application = createApplication(parts);
  return {
    application,
    problems,
    parts,
    look(afterMs = 0) {
      nowMs += afterMs;
      application.look();
      return application.meterProvider();
    },
  };
}

afterEach(() => {
  metrics.disable();
  logs.disable();
  Reflect.deleteProperty(globalThis, OLD_LOGS);
});

test('looking registers nothing and makes nothing', () => {
  Reflect.deleteProperty(globalThis, API);
  const { application, look } = setUp();
  assert.equal(look(), undefined);
  assert.equal(application.event(CHANGED, 0), false);
  application.close();
  assert.equal(Reflect.get(globalThis, API), undefined);
  assert.equal(Reflect.get(globalThis, OLD_LOGS), undefined);
});

test('a provider is found when it appears, has settled after half a second, and is followed when it is replaced', () => {
  const { application, look } = setUp();
  look();
  const first = new MeterProvider({ readers: [new Reader()] });
  metrics.setGlobalMeterProvider(first);
  assert.equal(look(1000), first);
  assert.equal(application.isSettled(), false);
  look(500);
  assert.equal(application.isSettled(), true);

  metrics.disable();
  assert.equal(look(1000), undefined);
  const second = new MeterProvider({ readers: [new Reader()] });
  metrics.setGlobalMeterProvider(second);
  assert.equal(look(1000), second);
  assert.equal(application.isSettled(), false, 'its instrumentations are to come first');
});

test('a provider without a reader, or shut down, exports nothing and is not joined', async () => {
  const { look } = setUp();
  metrics.setGlobalMeterProvider(new MeterProvider());
  assert.equal(look(), undefined);
  metrics.disable();
  const provider = new MeterProvider({ readers: [new Reader()] });
  metrics.setGlobalMeterProvider(provider);
  assert.equal(look(), provider);
  await provider.shutdown();
  assert.equal(look(), undefined);
});

test('a provider that throws is told of once and left alone', async () => {
  const { application, look, problems, parts } = setUp();
  const broken = {
    getMeter() {
      throw new Error('not today');
    },
  };
  metrics.setGlobalMeterProvider(broken);
  assert.equal(look(), broken);
  const exporter = application.createMetrics(parts);
  await exporter.start();
  await exporter.close();
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_JOIN_FAILED'],
  );
  assert.match(problems[0]?.message ?? '', /not today/);
  assert.equal(look(), undefined);
});

function loggerProvider(records: LogRecord[]) {
  return {
    getLogger: (name: string): Logger => ({
      emit: (record) => records.push({ ...record, attributes: { ...record.attributes, scope: name } }),
      enabled: () => true,
    }),
  };
}

test("an event is a log record of the application's LoggerProvider, with the time at which it happened", () => {
  const { application } = setUp();
  const records: LogRecord[] = [];
  logs.setGlobalLoggerProvider(loggerProvider(records));
  assert.equal(application.event(CHANGED, 1_795_342_500_250), true);
  assert.deepEqual(records, [
    {
      timestamp: [1_795_342_500, 250_000_000],
      eventName: 'plimsoll.mode.changed',
      severityNumber: 13,
      severityText: 'WARN',
      body: 'mode changed from observe to protect',
      attributes: {
        'plimsoll.mode.from': 'observe',
        'plimsoll.mode.to': 'protect',
        'plimsoll.process': 'main',
        scope: 'plimsoll',
      },
    },
  ]);
});

test('where the API is older than 1.10 the name is an attribute too, since SDK 1.x drops it', () => {
  const { application } = setUp();
  const records: LogRecord[] = [];
  const provider = loggerProvider(records);
  Reflect.set(globalThis, OLD_LOGS, (version: number) => (version === 1 ? provider : undefined));
  assert.equal(application.event(CHANGED, 0), true);
  assert.equal(records[0]?.attributes?.['event.name'], 'plimsoll.mode.changed');
});
