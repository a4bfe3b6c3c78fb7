/** The first thing that is read at three in the morning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { plainText, verdictOf, verdictOfAll, worstFirst } from '../../../../agent/sidecar/page/browser/sentence.ts';
import { cacheOf, MIB, processOf } from '../../../browser/made-up.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 3);
const DYING = { instance: 'checkout', ratio: 0.92, growthBytesPerSecond: MIB, wallMs: NOW_MS };

const STORIES = [
  {
    name: 'says what dies, of which limit, when, how fast, and who holds it',
    process: processOf(DYING),
    caches: [
      cacheOf('checkout', 'small', MIB),
      cacheOf('checkout', 'sessions', 210 * MIB),
      cacheOf('other', 'large', 400 * MIB),
    ],
    says: 'checkout main will reach its container limit in about 41 s: 471 of 512 MiB, growing 1.0 MiB/s; cache sessions holds 210 MiB.',
  },
  {
    name: 'says who holds it where no cache does',
    process: processOf(DYING, { heapUsedBytes: 20 * MIB, externalBytes: 380 * MIB }),
    says: 'checkout main will reach its container limit in about 41 s: 471 of 512 MiB, growing 1.0 MiB/s; memory outside of the heap (Buffers) holds 380 MiB.',
  },
  {
    name: 'names the stage that runs',
    process: processOf(DYING, { stage: 'extract', heapUsedBytes: 0, externalBytes: 0 }),
    says: 'checkout main will reach its container limit in about 41 s: 471 of 512 MiB, growing 1.0 MiB/s; in stage extract.',
  },
  {
    name: 'claims no time to the limit of what does not grow',
    process: processOf({ ...DYING, growthBytesPerSecond: 0 }),
    says: 'checkout main is at 92 % of its container limit: 471 of 512 MiB, not growing; the heap holds 330 MiB.',
  },
  {
    name: 'says that a process is blocked, and that its numbers are of before',
    process: processOf(DYING, { state: 'blocked', blockedSinceMs: NOW_MS - 12_000 }),
    says: 'checkout main is blocked: its event loop has not run for 12 s. At its last sample it was going to reach its container limit in about 41 s: 471 of 512 MiB, growing 1.0 MiB/s; the heap holds 330 MiB.',
  },
  {
    name: 'says so of a blocked process that was calm',
    process: processOf(
      { ...DYING, ratio: 0.3, growthBytesPerSecond: 0 },
      { state: 'blocked', blockedSinceMs: NOW_MS - 3000 },
    ),
    says: 'checkout main is blocked: its event loop has not run for 3 s. At its last sample it was at 30 % of its container limit: 154 of 512 MiB, not growing; the heap holds 108 MiB.',
  },
  {
    name: 'tells a drill from the real thing',
    process: processOf({ ...DYING, ratio: 0.3, growthBytesPerSecond: 0 }, { isDrill: true, level: 'critical' }),
    says: 'Drill: checkout main is at 30 % of its container limit: 154 of 512 MiB, not growing; the heap holds 108 MiB.',
  },
  {
    name: 'leaves a calm process alone',
    process: processOf({ ...DYING, ratio: 0.41, growthBytesPerSecond: 1000 }),
    says: 'checkout main is calm: 41 % of its container limit, 302 MiB left.',
  },
  {
    name: 'guesses nothing before the first sample',
    process: processOf(DYING, { level: null, pressureRatio: null, binding: null, timeToLimitSeconds: null }),
    says: 'checkout main has just started: no constraint is known yet.',
  },
] as const;

for (const { name, process, says, ...story } of STORIES) {
  test(name, () => {
    const caches = 'caches' in story ? story.caches : [];
    assert.equal(plainText(verdictOf(process, caches, NOW_MS)), says);
  });
}

test('of many, the worst is spoken of; calm ones are counted', () => {
  const calm = ['a', 'b', 'c'].map((instance, index) =>
    processOf({ instance, ratio: 0.2 + index / 10, wallMs: NOW_MS }),
  );
  assert.equal(
    plainText(verdictOfAll(calm.toSorted(worstFirst), [], NOW_MS)),
    'All 3 processes are calm. Fullest: c main, 40 % of its container limit, 307 MiB left.',
  );
  assert.match(
    plainText(verdictOfAll([...calm, processOf(DYING)].toSorted(worstFirst), [], NOW_MS)),
    /^checkout main will/,
  );
});

test('who ended is never the worst, however it ended', () => {
  const ended = processOf(DYING, { state: 'ended' });
  const living = processOf({ instance: 'catalog', ratio: 0.1, wallMs: NOW_MS });
  assert.deepEqual(
    [ended, living].toSorted(worstFirst).map(({ instance }) => instance),
    ['catalog', 'checkout'],
  );
  assert.match(plainText(verdictOfAll([ended], [], NOW_MS)), /^No process is running\. checkout main ended last\.$/);
});

test('a second’s noise does not change the order', () => {
  const [a, b] = [processOf({ instance: 'a', ratio: 0.41 }), processOf({ instance: 'b', ratio: 0.42 })];
  assert.deepEqual([b, a].toSorted(worstFirst), [a, b]);
});
