import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { COL, createRow, GC_BUCKETS_SECONDS, GC_TYPES, type GcType, type Row } from '../../../agent/model/row.ts';
import { createGcSource } from '../../../instrumentation/sources/gc.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';
import { runNode } from '../../helpers/run-node.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: object) => void;

sourceContract({
  module: 'instrumentation/sources/gc.ts',
  factory: 'createGcSource',
  create: createGcSource,
  garbageBytes: 200,
});

/** Names of v8.GCProfiler, which counts in V8's own callbacks and not through the performance timeline. */
const PROFILER_TYPES: Readonly<Record<string, GcType>> = {
  Scavenge: 'minor',
  MinorMarkSweep: 'minor',
  MarkSweepCompact: 'major',
  IncrementalMarking: 'incremental',
  ProcessWeakCallbacks: 'weakcb',
};

interface Truth {
  readonly type: GcType;
  readonly seconds: number;
}

/** Collections of one turn: they come to an observer many at once. */
function churn(): Truth[] {
  const profiler = new GCProfiler();
  profiler.start();
  let kept: object[] = [];
  for (let i = 0; i < 2_000_000; i += 1) {
    kept.push({ i });
    if (kept.length > 300_000) kept = [];
  }
  collect();
  collect();
  return profiler.stop().statistics.map(({ gcType, cost }) => ({
    type: PROFILER_TYPES[gcType] ?? assert.fail(gcType),
    seconds: cost / 1e6,
  }));
}

/** The two clocks around a pause are read one after the other: on a busy machine a scheduler's slice may lie between. */
const PREEMPTED_SECONDS = 0.02;

/** Node hands entries to observers from the event loop. */
async function delivered(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

function at(row: Row, type: GcType, place: 'Count' | 'Seconds' | `Le${0 | 1 | 2 | 3}`): number {
  return row[COL[`gc_${type}${place}`]] ?? Number.NaN;
}

test('counts every collection of a batch, and its time, by type', async () => {
  await delivered();
  const source = createGcSource(createWorld());
  const truth = churn();
  await delivered();
  const row = createRow();
  source.read(row);
  source.close();
  assert.ok(truth.length > 5, `${truth.length} collections in one turn`);
  for (const type of GC_TYPES) {
    const ofType = truth.filter((collection) => collection.type === type);
    assert.equal(at(row, type, 'Count'), ofType.length, type);
    const seconds = ofType.reduce((sum, collection) => sum + collection.seconds, 0);
    assert.ok(
      Math.abs(at(row, type, 'Seconds') - seconds) <= 0.1 * seconds + 0.001 * ofType.length + PREEMPTED_SECONDS,
      type,
    );
  }
});

test('its buckets are cumulative and hold each collection by its time', async () => {
  await delivered();
  const source = createGcSource(createWorld());
  const truth = churn();
  await delivered();
  const row = createRow();
  source.read(row);
  source.close();
  for (const type of GC_TYPES) {
    const places = ([0, 1, 2, 3] as const).map((bucket) => at(row, type, `Le${bucket}`));
    const ofType = truth.filter((collection) => collection.type === type);
    for (const [bucket, bound] of GC_BUCKETS_SECONDS.entries()) {
      const within = (tolerance: number): number => ofType.filter(({ seconds }) => seconds <= bound * tolerance).length;
      assert.ok((places[bucket] ?? 0) >= within(0.8) && (places[bucket] ?? 0) <= within(1.2), `${type} ≤ ${bound}`);
    }
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    assert.equal(places.at(-1), at(row, type, 'Count'));
  }
});

test('after a major collection tells the live set first, then asks for a sample, once a batch', async () => {
  await delivered();
  const calls: string[] = [];
  const world = createWorld({ requestSample: () => calls.push('sample') });
  const source = createGcSource(world, () => calls.push('live set'));
  collect({ type: 'minor' });
  await delivered();
  assert.deepEqual(calls, []);
  collect();
  collect();
  await delivered();
  source.close();
  assert.deepEqual(calls, ['live set', 'sample']);
});

test('counts nothing after it is closed', async () => {
  await delivered();
  const source = createGcSource(createWorld());
  source.close();
  collect();
  await delivered();
  const row = createRow();
  source.read(row);
  assert.equal(at(row, 'major', 'Count'), 0);
});

test('keeps no process alive, not even one that has just collected garbage', async () => {
  const program = `
    import { createGcSource } from ${JSON.stringify(new URL('../../../instrumentation/sources/gc.ts', import.meta.url).href)};
    globalThis.source = createGcSource({ requestSample() {} });
    globalThis.gc();
    console.log('done');
  `;
  const args = [...process.execArgv, '--expose-gc', '--input-type=module', '-e', program];
  const result = await runNode({
    args,
    preload: 'none',
    env: { NODE_OPTIONS: process.env['NODE_OPTIONS'] },
    timeoutMs: 10_000,
  });
  assert.equal(result.code, 0, result.report);
  assert.equal(result.stdout, 'done\n');
});
