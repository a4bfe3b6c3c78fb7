import assert from 'node:assert/strict';
import { test } from 'node:test';

import { everySecond, levels, play, reasons, type Sample } from './recording.ts';

/** A heap of 1000 MiB. `live` is taken over at each collection, when the use falls back to it. */
function sawtooth(live: number, peak: number, periodSamples: number, count: number, stepSeconds: number): Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    at: index * stepSeconds,
    heapLimit: 1000,
    heapLive: live,
    heapOld: live + ((peak - live) * (index % periodSamples)) / (periodSamples - 1),
  }));
}

for (const [live, peak] of [
  [500, 750],
  [500, 875],
  [650, 825],
  [650, 912],
] as const) {
  test(`a constant live set of ${live / 1000} with use up to ${peak / 1000} makes no transition at any pace`, () => {
    for (const [period, step] of [
      [40, 0.05],
      [7, 0.05],
      [13, 1],
      [60, 0.005],
    ] as const) {
      const verdicts = play(sawtooth(live, peak, period, 1200, step));
      assert.equal(levels(verdicts), '0'.repeat(1200));
      assert.ok(verdicts.every(({ assessment }) => assessment.timeToLimitSeconds === undefined));
    }
  });
}

test('elevated and high come from the live set, whatever the current use', () => {
  const at = (heapLive: number): string =>
    levels(play(everySecond(3, () => ({ heapLimit: 1000, heapLive, heapOld: 890 }))));
  assert.deepEqual([690, 700, 820].map(at), ['000', '011', '022']);
});

test('critical comes from current use, large new objects counted, confirmed by a second sample', () => {
  const heap = { heapLimit: 1000, heapLive: 300 };
  const verdicts = play([
    { at: 0, ...heap, heapOld: 400 },
    { at: 1, ...heap, heapOld: 400, heapLarge: 600 },
    { at: 2, ...heap, heapOld: 400, heapLarge: 100 },
    { at: 3, ...heap, heapOld: 500, heapLarge: 420 },
    { at: 4, ...heap, heapOld: 500, heapLarge: 430 },
  ]);
  assert.equal(levels(verdicts), '00003');
  assert.deepEqual(
    verdicts.map(({ assessment }) => assessment.pressureRatio),
    [0.3, 1, 0.3, 0.92, 0.93],
  );
  assert.equal(verdicts[4] && reasons(verdicts[4].assessment), 'heap 0.93≥0.92');
});

test('pages full of gaps are current use when they are nearly all of the limit and well filled', () => {
  const at = (heapOld: number, heapPages: number): number | undefined =>
    play([{ at: 0, heapLimit: 1000, heapLive: 700, heapOld, heapPages }])[0]?.assessment.pressureRatio;
  assert.deepEqual([at(850, 950), at(890, 1010), at(960, 950)], [0.95, 1.01, 0.96]);
  assert.deepEqual([at(849, 1000), at(890, 949), at(890, -1), at(890, Number.NaN)], [0.7, 0.7, 0.7, 0.7]);
});

test('a live set above the current use is stale: the use counts', () => {
  const [verdict] = play([{ at: 0, heapLimit: 1000, heapLive: 800, heapOld: 200 }]);
  assert.equal(verdict?.assessment.pressureRatio, 0.2);
});

test('before the first major collection use counts up to half of the limit, and again from 0.90', () => {
  const at = (heapOld: number): number | undefined =>
    play([{ at: 0, heapLimit: 1000, heapOld }])[0]?.assessment.pressureRatio;
  assert.deepEqual([300, 500, 800, 899, 900].map(at), [0.3, 0.5, 0.5, 0.5, 0.9]);
});

test('critical is left when a collection succeeds', () => {
  const verdicts = play(
    everySecond(30, (second) => ({ heapLimit: 1000, heapLive: 400, heapOld: second < 3 ? 960 : 450 })),
  );
  assert.equal(levels(verdicts), '033333333333222221111100000000');
});
