import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWorkerUse, type HeapReading, type WorkerUse } from '../../../instrumentation/sources/worker-use.ts';

const LIMIT = 1_000_000;
const SIZE_LIMIT = 1_500_000;
const STEP_MS = 50;

interface Seen {
  readonly current: readonly number[];
  readonly steady: readonly number[];
}

function observe(use: WorkerUse, usedRatio: number, atMs: number, other: Partial<HeapReading> = {}): void {
  const used = usedRatio * LIMIT;
  use.observe({ used_heap_size: used, total_heap_size: used, heap_size_limit: SIZE_LIMIT, ...other }, atMs);
}

/** Reads the uses, in thousandths of the limit, one after the other. */
function see(uses: readonly number[], use: WorkerUse = createWorkerUse(LIMIT), startMs = 0, stepMs = STEP_MS): Seen {
  const current: number[] = [];
  const steady: number[] = [];
  for (const [index, used] of uses.entries()) {
    observe(use, used / 1000, startMs + index * stepMs);
    current.push((use.currentBytes() / LIMIT) * 1000);
    steady.push((use.steadyBytes() / LIMIT) * 1000);
  }
  return { current, steady };
}

/** Rises from `live` by `tooth` in so many steps, and falls back, again and again. */
function teeth(live: number, tooth: number, steps: number, count: number): number[] {
  return Array.from({ length: steps * count }, (_, index) => live + (tooth * (index % steps)) / (steps - 1));
}

test('growth that no collection takes back counts fully, one reading late', () => {
  const { current } = see([100, 300, 500, 700, 900, 950, 990]);
  assert.deepEqual(current, [100, 100, 300, 500, 700, 900, 950]);
});

test('garbage of a young generation that doubles up to the whole limit never looks full', () => {
  const growing = [50, 100, 200, 400, 800].flatMap((tooth) => teeth(500, tooth, 9, 6));
  const { current } = see(growing);
  assert.ok(Math.max(...current) < 900, `${Math.max(...current)}`);
});

test('a worker that fills up behind its garbage looks full by what the last collection left', () => {
  const filling = [500, 600, 700, 800, 850, 900, 930].flatMap((live) => teeth(live, 200, 5, 2));
  const { current } = see(filling);
  assert.ok(Math.max(...current.slice(0, 50)) < 920);
  assert.ok((current.at(-1) ?? 0) >= 930);
});

test('one collection seen in several steps down is one', () => {
  const inSteps = see([500, 900, 800, 700, 600, 500, 900, 901]).current;
  const atOnce = see([500, 900, 500, 900, 901]).current;
  assert.deepEqual(inSteps.slice(-2), atOnce.slice(-2));
});

test('eight collections later a large one is forgotten', () => {
  const small = Array.from({ length: 8 }, (_, index) => [620 + index * 30, 610 + index * 30]).flat();
  const { current } = see([500, 900, 600, ...small, 940, 960, 980]);
  assert.equal(current.at(-1), 940);
});

test('when Node raises the limit, V8 has given up: the worker is full at once', () => {
  const use = createWorkerUse(LIMIT);
  observe(use, 0.4, 0);
  observe(use, 0.88, 50, { heap_size_limit: SIZE_LIMIT + 16 * 2 ** 20 });
  assert.equal(use.currentBytes(), LIMIT);
});

test('steady is the least of the last seconds: garbage of the young generation is not in it, growth is', () => {
  assert.ok(Math.max(...see(teeth(500, 300, 10, 50)).steady) <= 500);
  const leak = see(Array.from({ length: 400 }, (_, index) => 300 + index)).steady;
  assert.ok((leak.at(-1) ?? 0) >= 590, `${leak.at(-1)}`);
});

test('what a collection of the old generation took may grow back without becoming steady', () => {
  const slowly = teeth(500, 250, 1200, 4);
  const { steady } = see(slowly);
  const afterTheFirst = steady.slice(1300);
  assert.ok(Math.max(...afterTheFirst) <= 510, `${Math.max(...afterTheFirst)}`);
});

test('beyond what it took, growth is steady again', () => {
  const use = createWorkerUse(LIMIT);
  see(teeth(500, 200, 600, 2), use);
  const { steady } = see(
    Array.from({ length: 1000 }, (_, index) => 500 + index / 2),
    use,
    60_000,
  );
  assert.ok((steady.at(-1) ?? 0) >= 700, `${steady.at(-1)}`);
});

test('an eviction is seen at once, and a pause in the readings leaves no old least behind', () => {
  const use = createWorkerUse(LIMIT);
  see([800, 800, 800], use);
  assert.equal(see([300], use, 1000).steady[0], 300);
  see([850, 860], use, 600_000);
  assert.equal(use.steadyBytes() / LIMIT, 0.85);
});

test('pages full of gaps are use when they are nearly all of the limit and well filled; with a young generation among them once it was collected', () => {
  const full = (usedRatio: number, pagesRatio: number, isCollected: boolean): number => {
    const use = createWorkerUse(LIMIT);
    observe(use, usedRatio - 0.1, 0);
    if (isCollected) observe(use, usedRatio - 0.101, 50);
    for (const atMs of [100, 150]) observe(use, usedRatio, atMs, { total_heap_size: pagesRatio * LIMIT });
    return Math.round((use.currentBytes() / LIMIT) * 1000) / 1000;
  };
  assert.deepEqual([full(0.88, 0.98, true), full(0.88, 1.7, true), full(0.88, 0.98, false)], [0.978, 1, 0.98]);
  assert.deepEqual([full(0.88, 1.2, false), full(0.84, 1.7, true), full(0.88, 0.9, true)], [0.88, 0.838, 0.878]);
});

test('a worker that fills up while collections take next to nothing is full before it ends: recorded of 64 MB on a busy machine', () => {
  const use = createWorkerUse(64 * 2 ** 20);
  const fell = [34.4, 33];
  const usedMegabytes = [10, 20, ...fell, ...Array.from({ length: 60 }, (_, index) => 34 + index * 0.35)];
  for (const [index, used] of usedMegabytes.entries()) {
    const reading = { used_heap_size: used * 1e6, total_heap_size: (used + 35) * 1e6, heap_size_limit: 268e6 };
    use.observe(reading, index * 65);
  }
  assert.equal(usedMegabytes.at(-1), 54.65); // 4 MB later it died
  assert.equal(use.currentBytes(), 64 * 2 ** 20);
});
