import assert from 'node:assert/strict';
import { test } from 'node:test';

import { everySecond, levels, play, reasons, type Sample } from './recording.ts';

const LIMIT = { workerLimit: 1000 };

test('elevated and high come from what collections leave, whatever the current use', () => {
  const at = (workerSteady: number): string =>
    levels(play(everySecond(3, () => ({ ...LIMIT, workerSteady, worker: 890 }))));
  assert.deepEqual([690, 700, 820].map(at), ['000', '011', '022']);
});

test('critical comes from current use, confirmed by a second sample', () => {
  const verdicts = play([
    { at: 0, ...LIMIT, workerSteady: 300, worker: 890 },
    { at: 1, ...LIMIT, workerSteady: 300, worker: 950 },
    { at: 2, ...LIMIT, workerSteady: 300, worker: 310 },
    { at: 3, ...LIMIT, workerSteady: 300, worker: 920 },
    { at: 4, ...LIMIT, workerSteady: 300, worker: 930 },
  ]);
  assert.equal(levels(verdicts), '00003');
  assert.deepEqual(
    verdicts.map(({ assessment }) => assessment.pressureRatio),
    [0.3, 0.95, 0.3, 0.92, 0.93],
  );
  assert.equal(verdicts[4] && reasons(verdicts[4].assessment), 'worker 0.93≥0.92');
});

test('it counts fully: it binds when it is the fullest, beside a heap, a container and a host', () => {
  const others = {
    heapLimit: 1000,
    heapOld: 500,
    heapLive: 500,
    limit: 1000,
    use: 690,
    hostTotal: 9000,
    hostAvailable: 900,
  };
  const binding = (workerSteady: number): unknown =>
    play([{ at: 0, ...others, ...LIMIT, workerSteady, worker: workerSteady }])[0]?.assessment.binding;
  assert.deepEqual([680, 691].map(binding), ['container', 'worker']);
});

test('when the worker has ended the constraint is gone, and its level is left as any other', () => {
  const full: Omit<Sample, 'at'> = { ...LIMIT, workerSteady: 300, worker: 990 };
  const verdicts = play(
    everySecond(30, (second) => (second < 3 ? full : { heapLimit: 1000, heapOld: 100, heapLive: 100 })),
  );
  assert.equal(levels(verdicts), '033333333333222221111100000000');
  assert.deepEqual(
    verdicts.map(({ assessment }) => assessment.constraints.map(({ constraint }) => constraint).join()).slice(2, 4),
    ['worker', 'heap'],
  );
});

test('its growth is that of what collections leave: garbage grows towards no limit', () => {
  const garbage = play(
    everySecond(40, (second) => ({ ...LIMIT, workerSteady: 300, worker: 300 + 40 * (second % 10) })),
  );
  const leak = play(everySecond(40, (second) => ({ ...LIMIT, workerSteady: 300 + second, worker: 700 })));
  const last = (verdicts: typeof leak) => verdicts.at(-1)?.assessment;
  assert.equal(last(garbage)?.timeToLimitSeconds, undefined);
  assert.equal(Math.round(last(leak)?.timeToLimitSeconds ?? 0), 661);
});
