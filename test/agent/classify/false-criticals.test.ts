import assert from 'node:assert/strict';
import { test } from 'node:test';

import { levels, everySecond, play } from './recording.ts';

/** B11 of the budgets: what looks alarming and is not. None of these may reach critical. */

const MINUTES_10 = 600;

test('page cache filled to the limit, max counting all the time, use low', () => {
  const verdicts = play(
    everySecond(MINUTES_10, (second) => ({
      limit: 512,
      use: 60 + (second % 5),
      usage: 511.9,
      anon: 50,
      max: 10_000 + second * 250,
      oom: 0,
      oomKill: 0,
      stall: second * 0.02,
    })),
  );
  assert.equal(levels(verdicts), '0'.repeat(MINUTES_10));
});

test('page cache filled to the limit while the disk makes everybody wait, use low', () => {
  const verdicts = play(
    everySecond(MINUTES_10, (second) => ({ limit: 512, use: 200, usage: 512, max: second * 99, stall: second * 0.6 })),
  );
  assert.equal(levels(verdicts), '0'.repeat(MINUTES_10));
});

test('page cache filled to the limit beside a use that is moderate, or high without waiting', () => {
  for (const [use, level] of [
    [380, '1'],
    [440, '2'],
  ] as const) {
    const verdicts = play(
      everySecond(MINUTES_10, (second) => ({
        limit: 512,
        use,
        usage: 511.5,
        max: second * 40,
        stall: 0.0005 * second,
      })),
    );
    assert.equal(levels(verdicts), `0${level.repeat(MINUTES_10 - 1)}`);
  }
});

test('counters that are large before the first sample are no event', () => {
  const counts = { max: 1e9, oom: 5000, oomKill: 300, stall: 1e6 };
  const verdicts = play(everySecond(10, () => ({ limit: 512, use: 480, usage: 482, ...counts })).slice(0, 1));
  assert.equal(levels(verdicts), '0');
});

test('a garbage-heavy healthy service', () => {
  const verdicts = play(
    everySecond(MINUTES_10, (second) => ({
      heapLimit: 256,
      heapLive: 160 + (second % 3),
      heapOld: 166 + (second % 9) * 5,
      heapLarge: second % 4,
      limit: 512,
      use: 300 + (second % 9) * 5,
      usage: 400,
      anon: 290 + (second % 9) * 5,
      max: 0,
      stall: 0,
    })),
  );
  assert.equal(levels(verdicts), '0'.repeat(MINUTES_10));
});

test('a deploy warm-up: everything grows fast, then stays', () => {
  const verdicts = play(
    Array.from({ length: 1200 }, (_, index) => {
      const warmth = Math.min(1, index / 200);
      return {
        at: index * 0.05,
        heapLimit: 256,
        heapOld: 230 * warmth,
        ...(index > 150 ? { heapLive: 120 } : {}),
        limit: 512,
        use: 340 * warmth,
        usage: 512 * warmth,
        max: warmth === 1 ? index : 0,
        faults: index * 20,
      };
    }),
  );
  assert.equal(levels(verdicts), '0'.repeat(1200));
});

test('a busy host under a container with its own limit raises to elevated at most', () => {
  const verdicts = play(
    everySecond(MINUTES_10, (second) => ({
      limit: 512,
      use: 200,
      usage: 300,
      hostTotal: 16_000,
      hostAvailable: 16_000 * 0.01 * (second % 3),
      max: 0,
      stall: second * 0.4,
    })),
  );
  assert.equal(levels(verdicts), `0${'1'.repeat(MINUTES_10 - 1)}`);
});

test('locked memory: its pages are in the use once, and the counts that go with it are reclaim', () => {
  const verdicts = play(
    everySecond(MINUTES_10, (second) => ({ limit: 256, use: 131, usage: 256, anon: 106, max: second, stall: 0 })),
  );
  assert.equal(levels(verdicts), '0'.repeat(MINUTES_10));
});
