/** Our instruments on a real MeterProvider, as its reader sees them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { createNoopMeter, type MeterProvider as AnyMeterProvider } from '@opentelemetry/api';
import { MeterProvider, MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';

import { CONSTRAINTS } from '../../../agent/model/constraint.ts';
import { NEVER_SECONDS, NO_LIMIT_BYTES } from '../../../agent/model/metric.ts';
import { METRICS } from '../../../agent/model/metrics.ts';
import type { Snapshot } from '../../../agent/model/snapshot.ts';
import { joinMetrics, SCOPE } from '../../../exporters/join/metrics.ts';
import { ordinarySnapshot } from '../../helpers/snapshot.ts';

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function setUp(readers = [new Reader()]) {
  const provider = new MeterProvider({ readers });
  let now: Snapshot = ordinarySnapshot();
  const failures: unknown[] = [];
  return {
    provider,
    failures,
    joinProvider: () =>
      joinMetrics(
        provider,
        'full',
        () => now,
        (error) => failures.push(error),
      ),
    set(changed: Snapshot) {
      now = changed;
    },
    collect: (reader = readers[0]) => collect(reader),
  };
}

async function collect(reader: MetricReader | undefined): Promise<Map<string, MetricData[]>> {
  assert.ok(reader);
  const { resourceMetrics, errors } = await reader.collect();
  assert.deepEqual(errors, []);
  return new Map(resourceMetrics.scopeMetrics.map(({ scope, metrics }) => [scope.name, metrics]));
}

/** `name{constraint}` → value */
function valuesOf(metrics: readonly MetricData[] | undefined, name: string): Record<string, unknown> {
  const points = metrics?.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  return Object.fromEntries(
    points.map(({ attributes: { 'plimsoll.process': _process, ...rest }, value }) => [
      Object.values(rest).join(),
      value,
    ]),
  );
}

test('every number metric is there with its unit, kind and attributes; histograms are not', async () => {
  const { joinProvider, collect: read } = setUp();
  joinProvider();
  const ours = (await read()).get(SCOPE) ?? [];
  const pressure = ours.find(({ descriptor }) => descriptor.name === 'plimsoll.pressure');
  assert.equal(pressure?.descriptor.unit, '1');
  assert.deepEqual(pressure?.dataPoints[0]?.attributes, { 'plimsoll.process': 'main' });
  assert.deepEqual(valuesOf(ours, 'plimsoll.utilization'), { heap: 0.71875, container: 0.625, host: 0.5 });
  assert.ok(ours.length > 30, `${ours.length} metrics`);
  assert.ok(!ours.some(({ descriptor }) => descriptor.name === 'v8js.gc.duration'));
});

test('a series that ends is told once more with a value that alarms nobody, and is as before when it comes back', async () => {
  const { joinProvider, set, collect: read } = setUp();
  joinProvider();
  await read();
  const gone = Number.NaN;
  set(
    ordinarySnapshot({
      bindingConstraint: CONSTRAINTS.indexOf('container'),
      containerLimitBytes: gone,
      containerHeadroomBytes: gone,
      containerUtilizationRatio: gone,
      heapTimeToLimitSeconds: gone,
      cgroupEventsMax: gone,
    }),
  );
  for (const collection of ['the next', 'and any later one']) {
    const ours = (await read()).get(SCOPE);
    assert.deepEqual(valuesOf(ours, 'plimsoll.pressure.binding'), { heap: 0, container: 1 }, collection);
    assert.equal(valuesOf(ours, 'plimsoll.limit')['container'], NO_LIMIT_BYTES, collection);
    assert.equal(valuesOf(ours, 'plimsoll.headroom')['container'], NO_LIMIT_BYTES, collection);
    assert.equal(valuesOf(ours, 'plimsoll.utilization')['container'], 0, collection);
    assert.equal(valuesOf(ours, 'plimsoll.time_to_limit')['heap'], NEVER_SECONDS, collection);
    assert.equal(valuesOf(ours, 'plimsoll.container.memory.events')['max'], 2, `a counter stays, ${collection}`);
  }
  set(ordinarySnapshot());
  const ours = (await read()).get(SCOPE);
  assert.deepEqual(valuesOf(ours, 'plimsoll.pressure.binding'), { heap: 1, container: 0 });
  assert.equal(valuesOf(ours, 'plimsoll.time_to_limit')['heap'], 72);
});

test('what the application reports under the same name is left to it, from the start and when it comes later', async () => {
  const { provider, joinProvider, collect: read } = setUp();
  const theirs = provider.getMeter('runtime');
  theirs.createObservableGauge('process.memory.usage').addCallback((result) => result.observe(1));
  joinProvider();
  const before = await read();
  assert.deepEqual(valuesOf(before.get(SCOPE), 'process.memory.usage'), {});
  assert.notDeepEqual(valuesOf(before.get(SCOPE), 'v8js.memory.heap.used'), {});

  theirs.createObservableGauge('v8js.memory.heap.used').addCallback((result) => result.observe(2));
  const after = await read();
  assert.deepEqual(valuesOf(after.get(SCOPE), 'v8js.memory.heap.used'), {}, 'nor its last value, for ever');
  assert.deepEqual(valuesOf(after.get('runtime'), 'v8js.memory.heap.used'), { '': 2 });
  assert.notDeepEqual(valuesOf(after.get(SCOPE), 'plimsoll.pressure'), {});
});

test('after leaving nothing of ours is exported, and it can be joined again', async () => {
  const { provider, joinProvider, collect: read } = setUp();
  provider
    .getMeter('app')
    .createObservableGauge('app.queue')
    .addCallback((result) => result.observe(7));
  const joined = joinProvider();
  assert.deepEqual([...(await read()).keys()].toSorted(), ['app', SCOPE]);
  joined?.leave();
  assert.deepEqual([...(await read()).keys()], ['app']);
  joinProvider();
  assert.deepEqual([...(await read()).keys()].toSorted(), ['app', SCOPE]);
});

test('each of several readers gets everything', async () => {
  const readers = [new Reader(), new Reader()];
  const { joinProvider, set } = setUp(readers);
  joinProvider();
  for (const reader of readers) {
    assert.deepEqual(valuesOf((await collect(reader)).get(SCOPE), 'plimsoll.pressure.level'), { '': 1 });
  }
  set(ordinarySnapshot({ level: 2, heapTimeToLimitSeconds: Number.NaN }));
  for (const reader of readers) {
    const ours = (await collect(reader)).get(SCOPE);
    assert.deepEqual(valuesOf(ours, 'plimsoll.pressure.level'), { '': 2 });
    assert.equal(valuesOf(ours, 'plimsoll.time_to_limit')['heap'], NEVER_SECONDS);
  }
});

test('a provider that does nothing is not joined', () => {
  const provider: AnyMeterProvider = { getMeter: () => createNoopMeter() };
  assert.equal(
    joinMetrics(
      provider,
      'core',
      () => ordinarySnapshot(),
      (error) => assert.fail(String(error)),
    ),
    undefined,
  );
});

test('a failure of ours is told once and stops nothing of theirs', async () => {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  provider
    .getMeter('app')
    .createObservableGauge('app.queue')
    .addCallback((result) => result.observe(7));
  const failures: unknown[] = [];
  const broken = (): Snapshot => {
    throw new Error('no snapshot');
  };
  joinMetrics(provider, 'core', broken, (error) => failures.push(error));
  for (const _ of [1, 2]) {
    assert.deepEqual(valuesOf((await collect(reader)).get('app'), 'app.queue'), { '': 7 });
  }
  assert.equal(failures.length, 1);
});

test('docs/join.md names the last values of series, and whose they are', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/join.md'), 'utf8');
  for (const value of [NO_LIMIT_BYTES, NEVER_SECONDS]) {
    const row = page.split('\n').find((line) => line.includes(`| ${BigInt(value)} `)) ?? '';
    const names = [...row.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    assert.deepEqual(
      names.toSorted(),
      METRICS.filter(({ whenEnded }) => whenEnded === value)
        .map(({ name }) => name)
        .toSorted(),
    );
  }
});
