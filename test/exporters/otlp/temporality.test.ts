import assert from 'node:assert/strict';
import test from 'node:test';

import { AggregationTemporality, type MetricData } from '@opentelemetry/sdk-metrics';

import { METRICS } from '../../../agent/model/metrics.ts';
import type { OtlpTemporality } from '../../../agent/model/otlp.ts';
import { COL, type Row } from '../../../agent/model/row.ts';
import { createCollection, type Collection } from '../../../exporters/otlp/metrics.ts';
import { ordinarySnapshot } from '../../helpers/snapshot.ts';

const START_MS = 1_795_342_440_000;

interface Scenario {
  readonly row: Row;
  readonly collection: Collection;
  /** What would be sent, by name. */
  collect(): ReadonlyMap<string, MetricData>;
}

function scenario(temporality: OtlpTemporality): Scenario {
  const snapshot = ordinarySnapshot();
  const { row } = snapshot;
  const collection = createCollection({
    tier: 'full',
    otlp: { metrics: undefined, logs: undefined, temporality, intervalMs: 60_000, problems: [] },
    clock: { wallMs: () => START_MS + 5000, monotonicMs: () => 5000 },
    snapshot: () => snapshot,
  });
  return {
    row,
    collection,
    collect() {
      const request = collection.collect();
      assert.ok(request !== undefined);
      return new Map(
        request.scopeMetrics.flatMap(({ metrics }) => metrics.map((data) => [data.descriptor.name, data])),
      );
    },
  };
}

/** Value of the one point of these attributes. */
function valueOf(data: MetricData | undefined, attributes: Readonly<Record<string, string>>): unknown {
  const wanted = JSON.stringify({ ...attributes, 'plimsoll.process': 'main' });
  return data?.dataPoints.find((point) => JSON.stringify(point.attributes) === wanted)?.value;
}

const kindOf = (name: string): string | undefined => METRICS.find((metric) => metric.name === name)?.kind;
const ACTIVE = { 'nodejs.eventloop.state': 'active' };

test('cumulative: every total since the process began, at the time of the row', () => {
  const { row, collection, collect } = scenario('cumulative');
  collect();
  collection.accept();
  row[COL.loopActiveSeconds] = 16;
  const time = collect().get('nodejs.eventloop.time');
  assert.equal(time?.aggregationTemporality, AggregationTemporality.CUMULATIVE);
  assert.equal(valueOf(time, ACTIVE), 16);
  assert.deepEqual(time?.dataPoints[0]?.startTime, [START_MS / 1000, 0]);
  assert.deepEqual(time?.dataPoints[0]?.endTime, [1_795_342_500, 250_000_000]);
});

test('delta: counters and histograms as what was added, gauges and ups and downs as they are', () => {
  const { row, collection, collect } = scenario('delta');
  const first = collect();
  assert.equal(valueOf(first.get('nodejs.eventloop.time'), ACTIVE), 15.5);
  for (const [name, data] of first) {
    const isDelta = data.aggregationTemporality === AggregationTemporality.DELTA;
    assert.equal(isDelta, ['counter', 'histogram'].includes(kindOf(name) ?? ''), name);
  }
  collection.accept();

  row[COL.loopActiveSeconds] = 16;
  row[COL.gc_majorCount] = (row[COL.gc_majorCount] ?? 0) + 2;
  row[COL.gc_majorLe3] = (row[COL.gc_majorLe3] ?? 0) + 2;
  row[COL.gc_majorSeconds] = (row[COL.gc_majorSeconds] ?? 0) + 0.5;
  row[COL.wallMs] = START_MS + 70_000;
  const second = collect();
  assert.equal(valueOf(second.get('nodejs.eventloop.time'), ACTIVE), 0.5);
  const pauses = second.get('v8js.gc.duration');
  const major = valueOf(pauses, { 'v8js.gc.type': 'major' }) as {
    count: number;
    sum: number;
    buckets: { counts: number[] };
  };
  assert.equal(major.count, 2);
  assert.equal(major.sum, 0.5);
  assert.equal(
    major.buckets.counts.reduce((sum, count) => sum + count, 0),
    2,
  );
  assert.deepEqual(pauses?.dataPoints[0]?.startTime, first.get('v8js.gc.duration')?.dataPoints[0]?.endTime);
});

test('delta: what was not taken is added again, and what began meanwhile counts from zero', () => {
  const { row, collection, collect } = scenario('delta');
  row[COL.loopIdleSeconds] = Number.NaN;
  collect();
  collection.accept();
  row[COL.loopActiveSeconds] = 16;
  collect(); // refused
  row[COL.loopActiveSeconds] = 16.5;
  row[COL.loopIdleSeconds] = 7;
  const time = collect().get('nodejs.eventloop.time');
  assert.equal(valueOf(time, ACTIVE), 1);
  assert.equal(valueOf(time, { 'nodejs.eventloop.state': 'idle' }), 7);
});

test('delta: a counter that fell has begun anew', () => {
  const { row, collection, collect } = scenario('delta');
  collect();
  collection.accept();
  row[COL.loopActiveSeconds] = 12;
  assert.equal(valueOf(collect().get('nodejs.eventloop.time'), ACTIVE), 12);
});

test('lowmemory: only the histograms are deltas, since every counter is observed', () => {
  const { collect } = scenario('lowmemory');
  for (const [name, data] of collect()) {
    const isDelta = data.aggregationTemporality === AggregationTemporality.DELTA;
    assert.equal(isDelta, kindOf(name) === 'histogram', name);
  }
});

test('a series that has ended is not sent again, and neither is a metric without any', () => {
  const { row, collect } = scenario('cumulative');
  assert.ok(collect().has('plimsoll.time_to_limit'));
  for (const name of ['heapTimeToLimitSeconds', 'containerTimeToLimitSeconds', 'hostTimeToLimitSeconds'] as const)
    row[COL[name]] = Number.NaN;
  assert.ok(!collect().has('plimsoll.time_to_limit'));
});

test('nothing is sent before the first sample', () => {
  const { row, collection } = scenario('cumulative');
  row[COL.wallMs] = Number.NaN;
  assert.equal(collection.collect(), undefined);
});
