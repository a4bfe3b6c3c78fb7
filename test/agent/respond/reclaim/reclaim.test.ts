import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RECLAIMER_MS } from '../../../../agent/respond/reclaim/ask.ts';
import { MIB, scriptedProcess } from './scripted.ts';

const near = (actual: number, expected: number, tolerance = 0.02): void =>
  assert.ok(Math.abs(actual - expected) <= expected * tolerance, `${actual} is not about ${expected}`);

test('what is promised is collected once and measured, and the cache keeps the rest', async () => {
  const { reclaim, cache, collections } = scriptedProcess();
  const pages = cache({ entries: 100 });
  const outcome = await reclaim.reclaim(30 * MIB, 'high', true);
  assert.equal(outcome.outcome, 'done', outcome.detail);
  near(outcome.promisedBytes, 30 * MIB);
  near(outcome.freedBytes, outcome.promisedBytes);
  assert.equal(pages.entryCount, 70);
  assert.equal(pages.capEntries, 70);
  assert.deepEqual(collections.slice(0, 1), ['major']);
  assert.match(outcome.detail, /^pages gave 30\.0 MiB; /);
  assert.deepEqual(reclaim.totals(), [
    { reclaimer: 'pages', promisedBytes: outcome.promisedBytes, freedBytes: outcome.promisedBytes },
  ]);
});

test('no cache is emptied because freed memory does not show: what is promised counts until a collection', async () => {
  const { reclaim, cache, collectByV8 } = scriptedProcess({ isAvailable: false });
  const pages = cache({ entries: 100 });
  for (let asked = 0; asked < 20; asked++) {
    const outcome = await reclaim.reclaim(30 * MIB, 'critical', true);
    assert.equal(outcome.freedBytes, 0, 'nothing can have been measured');
  }
  assert.equal(pages.entryCount, 70);
  collectByV8();
  await reclaim.reclaim(30 * MIB, 'critical', true);
  assert.equal(pages.entryCount, 40, 'V8 collected what was promised: the next is a new one');
});

test('classes are asked in their order, and never is left alone', async () => {
  const { reclaim, cache } = scriptedProcess();
  const last = cache({ name: 'last', priority: 'last', entries: 50 });
  const first = cache({ name: 'first', priority: 'first', entries: 20 });
  const never = cache({ name: 'never', priority: 'never', entries: 50 });
  const normal = cache({ name: 'normal', entries: 50 });
  await reclaim.reclaim(30 * MIB, 'high', true);
  assert.deepEqual(
    [first, normal, last, never].map(({ entryCount }) => entryCount),
    [0, 40, 50, 50],
  );
});

test('the garbage that was there is credited to no cache, and one that lies is asked after the others', async () => {
  const { reclaim, cache, grow } = scriptedProcess({ msPerMib: 0.1 });
  const liar = cache({ name: 'liar', entries: 200, truth: 0 });
  const honest = cache({ name: 'honest', entries: 300 });
  for (let round = 0; round < 6; round++) await reclaim.reclaim(30 * MIB, 'high', true);
  const { evictions } = liar;
  grow(60 * MIB);
  const outcome = await reclaim.reclaim(10 * MIB, 'high', true);
  assert.equal(liar.evictions, evictions, 'the honest one had enough');
  assert.deepEqual(
    outcome.shares.map(({ name }) => name),
    ['honest'],
  );
  near(outcome.shares[0]?.freedBytes ?? 0, 10 * MIB);
  near(outcome.freedBytes, 70 * MIB);
  assert.ok(honest.entryCount > 0);
});

test('a reclaim that frees next to nothing says so', async () => {
  const { reclaim, cache } = scriptedProcess();
  cache({ truth: 0 });
  const outcome = await reclaim.reclaim(40 * MIB, 'high', true);
  assert.equal(outcome.outcome, 'ineffective');
});

test('a collection that would take too long is left to V8, and what was promised is told', async () => {
  const { reclaim, cache, collections } = scriptedProcess({ msPerMib: 5 });
  cache({ entries: 200 });
  const outcome = await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(outcome.outcome, 'done');
  assert.deepEqual(collections, []);
  assert.match(
    outcome.detail,
    /free at the next collection; garbage is left to V8: collecting it would take about 1150 ms/,
  );
});

test('empty pages go back to the kernel where it is not too dear', async () => {
  const cheap = scriptedProcess({ msPerMib: 0.2 });
  cheap.cache({ entries: 200 });
  const returned = await cheap.reclaim.reclaim(100 * MIB, 'high', true);
  assert.deepEqual(cheap.collections, ['major', 'last-resort']);
  near(returned.returnedBytes, 100 * MIB);
  const dear = scriptedProcess({ msPerMib: 0.9 });
  dear.cache({ entries: 200 });
  const kept = await dear.reclaim.reclaim(100 * MIB, 'high', true);
  assert.deepEqual(dear.collections, ['major']);
  assert.match(kept.detail, /returning empty pages to the kernel is not worth about \d+ ms/);
});

test('the loop is given back every few milliseconds, however much there is to evict', async () => {
  const { reclaim, cache } = scriptedProcess();
  cache({ entries: 500, evictMs: 1 });
  const outcome = await reclaim.reclaim(500 * MIB, 'high', true);
  assert.equal(outcome.promisedBytes, 500 * MIB);
  assert.ok(outcome.longestBlockMs > 0 && outcome.longestBlockMs <= 10, `${outcome.longestBlockMs} ms`);
});

test('a second reclaim meanwhile gets the answer of the first', async () => {
  const { reclaim, cache } = scriptedProcess();
  const pages = cache({ entries: 100 });
  const both = await Promise.all([reclaim.reclaim(10 * MIB, 'high', true), reclaim.reclaim(10 * MIB, 'high', true)]);
  assert.equal(both[0], both[1]);
  assert.equal(pages.entryCount, 90);
});

test('observe says what it would do, and does nothing', async () => {
  const { reclaim, cache, collections } = scriptedProcess({ msPerMib: 0.1 });
  const pages = cache({ entries: 100 });
  const { outcome, detail } = await reclaim.reclaim(12 * MIB, 'high', false);
  assert.equal(outcome, 'skipped');
  assert.equal(detail, 'observe: would ask pages for 12.0 MiB and collect garbage (about 14 ms)');
  assert.equal(pages.entryCount, 100);
  assert.deepEqual(collections, []);
});

test('with nothing registered there is nothing to give back, and garbage is collected by hand all the same', async () => {
  const { reclaim, grow } = scriptedProcess();
  assert.equal((await reclaim.reclaim(10 * MIB, 'high', true)).outcome, 'ineffective');
  grow(40 * MIB);
  const outcome = await reclaim.reclaim(10 * MIB, 'high', true);
  assert.equal(outcome.outcome, 'done', outcome.detail);
  near(outcome.freedBytes, 40 * MIB);
});

const HOSTILE: readonly (readonly [what: string, answer: () => unknown, trouble: RegExp])[] = [
  ['promises less than nothing', () => -5, /promised -5 of at most/],
  ['promises no number', () => Number.NaN, /promised NaN/],
  ['promises more than there is', () => 1e30, /promised 1e\+30/],
  ['answers something else', () => 'all of it', /promised a value of type string/],
  ['answers nothing', () => undefined, /promised a value of type undefined/],
  [
    'throws',
    () => {
      throw new Error('no');
    },
    /threw: no/,
  ],
  [
    'throws what cannot be shown',
    () => {
      throw Object.create(null);
    },
    /threw: /,
  ],
  ['rejects', () => Promise.reject(new Error('later no')), /threw: later no/],
  ['never answers', () => new Promise(() => {}), /did not answer within 2000 ms/],
];

for (const [what, answer, trouble] of HOSTILE) {
  test(`a reclaimer that ${what} is named, and the others give what is needed`, async () => {
    const { reclaim, cache, problems } = scriptedProcess();
    const pages = cache({ entries: 100 });
    reclaim.register({ name: 'bad', priority: 'first', reclaim: answer as () => number });
    const outcome = await reclaim.reclaim(20 * MIB, 'high', true);
    assert.equal(outcome.outcome, 'done');
    assert.equal(pages.entryCount, 80);
    assert.match(outcome.shares.find(({ name }) => name === 'bad')?.trouble ?? '', trouble);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['PLM_RECLAIMER_FAILED'],
    );
    assert.match(outcome.detail, /bad /);
  });
}

test('one that hangs is told to stop after its time, and not called again before it ends', async () => {
  const { reclaim, now } = scriptedProcess();
  let calls = 0;
  let end: (bytes: number) => void = () => {};
  const startMs = now();
  let stoppedMs = 0;
  reclaim.register({
    name: 'slow',
    priority: 'normal',
    reclaim: ({ signal }) => {
      calls += 1;
      signal.addEventListener('abort', () => (stoppedMs = now()));
      return new Promise((resolve) => (end = resolve));
    },
  });
  await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(stoppedMs - startMs, RECLAIMER_MS);
  const { shares } = await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(calls, 1);
  assert.equal(shares[0]?.trouble, 'still does what it was asked before');
  end(5);
  await new Promise(setImmediate);
  const again = reclaim.reclaim(20 * MIB, 'high', true);
  await new Promise(setImmediate);
  end(5);
  await again;
  assert.equal(calls, 2);
});

test('one that asks for a reclaim itself does not wait for itself', async () => {
  const { reclaim, memory } = scriptedProcess();
  let inner = '';
  reclaim.register({
    name: 'again',
    priority: 'normal',
    async reclaim() {
      const { detail } = await reclaim.reclaim(10 * MIB, 'high', true);
      inner = detail;
      memory.liveBytes -= 10 * MIB;
      memory.garbageBytes += 10 * MIB;
      return 10 * MIB;
    },
  });
  const outcome = await reclaim.reclaim(10 * MIB, 'high', true);
  assert.equal(inner, 'a reclaim is running already');
  assert.equal(outcome.outcome, 'done', outcome.detail);
});

test('one that allocates while it gives back is believed as far as it is true', async () => {
  const { reclaim, memory } = scriptedProcess();
  reclaim.register({
    name: 'greedy',
    priority: 'normal',
    reclaim() {
      memory.liveBytes += 30 * MIB;
      return 20 * MIB;
    },
  });
  const outcome = await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(outcome.outcome, 'ineffective', outcome.detail);
  assert.equal(outcome.freedBytes, 0);
});

test('a cache that throws while it is asked is named, and the others give what is needed', async () => {
  const { reclaim, cache, problems } = scriptedProcess();
  const broken = cache({ name: 'broken', priority: 'first' });
  const pages = cache({ entries: 100 });
  broken.evict = () => {
    throw new Error('gone');
  };
  await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(pages.entryCount, 80);
  assert.match(problems[0]?.message ?? '', /broken threw: gone/);
});

test('one that answers at once is asked each time', async () => {
  const { reclaim } = scriptedProcess();
  let calls = 0;
  reclaim.register({ name: 'quick', priority: 'normal', reclaim: () => (calls += 1) });
  for (let asked = 0; asked < 3; asked++) await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(calls, 3);
});

test('what has gone is asked no more', async () => {
  const { reclaim } = scriptedProcess();
  let calls = 0;
  const unregister = reclaim.register({ name: 'gone', priority: 'normal', reclaim: () => (calls += 1) });
  unregister();
  await reclaim.reclaim(20 * MIB, 'high', true);
  assert.equal(calls, 0);
});

test('no target is no reclaim', async () => {
  const { reclaim, collections } = scriptedProcess();
  for (const target of [0, -1, Number.NaN]) {
    assert.equal((await reclaim.reclaim(target, 'high', true)).outcome, 'skipped');
  }
  assert.deepEqual(collections, []);
});
