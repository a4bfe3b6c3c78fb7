import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { Worker, type ResourceLimits } from 'node:worker_threads';

import type { World } from '../../../agent/model/source.ts';
import type { WorkerThread, WorkerThreads } from '../../../agent/model/worker-threads.ts';
import { COL, createRow, type ReadingName } from '../../../agent/model/row.ts';
import { systemClock } from '../../../agent/sample/clock.ts';
import { createWorkerThreadsSource } from '../../../instrumentation/sources/worker-threads.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

const MIB = 2 ** 20;
const READINGS = ['workerThreadId', 'workerUsedBytes', 'workerSteadyUsedBytes', 'workerOldLimitBytes'] as const;

sourceContract({
  module: 'instrumentation/sources/worker-threads.ts',
  factory: 'createWorkerThreadsSource',
  create: createWorkerThreadsSource,
  mayBeAbsent: READINGS,
  garbageBytes: 400,
});

function open(t: TestContext, alive: readonly WorkerThread[], overrides: Partial<World> = {}) {
  const threads: WorkerThreads = { alive: new Set(alive), onAdded() {} };
  const mainLimitBytes = 300 * MIB;
  const source = createWorkerThreadsSource(createWorld(overrides), {
    threads,
    mainLimitBytes,
    setTimer: systemClock.setTimer,
  });
  t.after(() => source.close());
  const read = (reading: ReadingName): number => {
    const row = createRow();
    source.read(row);
    return row[COL[reading]] ?? Number.NaN;
  };
  return { threads, source, read };
}

/** Without it nobody can be asked. */
const skip = 'getHeapStatistics' in Worker.prototype ? false : 'worker.getHeapStatistics() came with Node.js 22.16';

/** Keeps so many MiB in its old generation, says so, and is busy or idle for ever. */
function startWorker(
  t: TestContext,
  mebibytes: number,
  resourceLimits: ResourceLimits,
  then = 'setInterval(() => {}, 1000)',
) {
  const code = `
    const kept = Array.from({ length: ${mebibytes} }, () => new Array(2 ** 17).fill(1));
    require('node:worker_threads').parentPort.postMessage(kept.length);
    ${then}`;
  const worker = new Worker(code, { eval: true, resourceLimits });
  t.after(() => worker.terminate());
  return worker;
}

const heapOf = (usedMebibytes: number) => ({
  used_heap_size: usedMebibytes * MIB,
  total_heap_size: usedMebibytes * MIB,
  heap_size_limit: 100 * MIB,
});

async function until(isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!isTrue()) {
    assert.ok(performance.now() < deadlineMs, 'it never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('tells of the worker that is fullest against its own limit', { skip }, async (t) => {
  const large = startWorker(t, 40, { maxOldGenerationSizeMb: 200 });
  const full = startWorker(t, 20, { maxOldGenerationSizeMb: 40 });
  await Promise.all([once(large, 'message'), once(full, 'message')]);
  const { read } = open(t, [large, full]);
  await until(() => read('workerThreadId') === full.threadId);
  assert.equal(read('workerOldLimitBytes'), 40 * MIB);
  const used = read('workerUsedBytes') / MIB;
  assert.ok(used >= 20 && used <= 36, `${used} MiB`);
  assert.ok(read('workerSteadyUsedBytes') <= read('workerUsedBytes'));
});

test(
  'a worker that is added is followed from its start on, and gone from the readings when it has ended',
  { skip },
  async (t) => {
    const { threads, read } = open(t, []);
    const worker = startWorker(t, 5, { maxOldGenerationSizeMb: 50 });
    threads.alive.add(worker);
    threads.onAdded();
    assert.deepEqual(
      READINGS.map(read),
      READINGS.map(() => Number.NaN),
    );
    await until(() => read('workerUsedBytes') > 5 * MIB);
    await worker.terminate();
    assert.deepEqual(
      READINGS.map(read),
      READINGS.map(() => Number.NaN),
    );
    assert.equal(threads.alive.size, 0);
  },
);

test('a worker that never yields answers too', { skip }, async (t) => {
  const busy = startWorker(t, 5, { maxOldGenerationSizeMb: 50 }, 'for (;;);');
  await once(busy, 'message');
  const { read } = open(t, [busy]);
  await until(() => read('workerThreadId') === busy.threadId);
});

test('asks for a sample when the fullest worker has become fuller', { skip }, async (t) => {
  const worker = startWorker(t, 30, { maxOldGenerationSizeMb: 100 });
  await once(worker, 'message');
  await new Promise<void>((resolve) => {
    open(t, [worker], { requestSample: resolve });
  });
});

test('with a heap flag on the process a worker has the limit of the main thread, not its own', { skip }, async (t) => {
  for (const flag of ['--max-old-space-size=300', '--max-heap-size=400', '--max-old-space-size-percentage=10']) {
    const worker = startWorker(t, 1, { maxOldGenerationSizeMb: 800 });
    const { read } = open(t, [worker], { execArgv: [flag] });
    await until(() => !Number.isNaN(read('workerUsedBytes')));
    assert.equal(read('workerOldLimitBytes'), 300 * MIB, flag);
  }
  const worker = startWorker(t, 1, { maxOldGenerationSizeMb: 80 });
  const { read } = open(t, [worker], { execArgv: ['--max-semi-space-size=4'] });
  await until(() => !Number.isNaN(read('workerUsedBytes')));
  assert.equal(read('workerOldLimitBytes'), 80 * MIB);
});

test('where Node.js cannot ask a worker, it says so while there is one', (t) => {
  const { threads, source, read } = open(t, [{ threadId: 3, resourceLimits: { maxOldGenerationSizeMb: 64 } }]);
  assert.equal(read('workerUsedBytes'), Number.NaN);
  const gaps = source.unavailable();
  assert.deepEqual(
    gaps.map(({ reading, code }) => `${reading} ${code}`),
    READINGS.map((reading) => `${reading} unsupported`),
  );
  assert.match(gaps[0]?.repair ?? '', /22\.16/);
  threads.alive.clear();
  assert.deepEqual(source.unavailable(), []);
});

test('one request at a time: a worker that does not answer is not asked again', async (t) => {
  let asked = 0;
  const silent: WorkerThread = {
    threadId: 3,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    getHeapStatistics: () => {
      asked += 1;
      return new Promise(() => {});
    },
  };
  const { threads } = open(t, [silent]);
  for (let turn = 0; turn < 20; turn += 1) threads.onAdded();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(asked, 1);
});

test('asks often only a worker that moves near its limit, seldom one that rests, and many no more often than a few', async (t) => {
  /** Garbage that comes and goes, or nothing. */
  const answering = (usedMebibytes: number, moves: boolean, count: { asked: number }): WorkerThread => ({
    threadId: 3,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    getHeapStatistics: () => {
      count.asked += 1;
      return Promise.resolve(heapOf(usedMebibytes + (moves ? count.asked % 2 : 0)));
    },
  });
  const asked = { far: 0, near: 0, resting: 0, restingNear: 0, many: 0, manyResting: 0 };
  const counting = (name: keyof typeof asked) => ({
    get asked() {
      return asked[name];
    },
    set asked(value) {
      asked[name] = value;
    },
  });
  open(t, [answering(10, true, counting('far'))]);
  open(t, [answering(60, true, counting('near'))]);
  open(t, [answering(10, false, counting('resting'))]);
  open(t, [answering(56, false, counting('restingNear'))]);
  open(
    t,
    Array.from({ length: 100 }, () => answering(10, true, counting('many'))),
  );
  open(
    t,
    Array.from({ length: 100 }, () => answering(10, false, counting('manyResting'))),
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const told = JSON.stringify(asked);
  assert.ok(asked.far >= 5 && asked.far <= 21, told);
  assert.ok(asked.near >= 25 && asked.near <= 101, told);
  assert.ok(asked.resting >= 2 && asked.resting <= 4, told);
  assert.ok(asked.restingNear >= 5 && asked.restingNear <= 27, told);
  assert.ok(asked.many >= 100 && asked.many <= 310, told);
  assert.ok(asked.manyResting <= 201, told); // the first one, and the one that tells that it rests
});

test('after close it asks nobody', async (t) => {
  let asked = 0;
  const worker: WorkerThread = {
    threadId: 3,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    getHeapStatistics: () => {
      asked += 1;
      return Promise.resolve(heapOf(60));
    },
  };
  const { source, threads } = open(t, [worker]);
  source.close();
  threads.onAdded();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(asked, 1);
});
