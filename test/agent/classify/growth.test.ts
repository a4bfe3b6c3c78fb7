import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConstraintAssessment } from '../../../agent/model/assessment.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import { everySecond, MIB, play, type Sample } from './recording.ts';

function lastOf(samples: readonly Sample[], constraint: Constraint): ConstraintAssessment {
  const found = play(samples)
    .at(-1)
    ?.assessment.constraints.find((one) => one.constraint === constraint);
  assert.ok(found);
  return found;
}

function container(count: number, stepSeconds: number, use: (second: number) => number): Sample[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index * stepSeconds;
    return { at, limit: 1000, use: use(at) };
  });
}

function growthMib({ growthBytesPerSecond }: ConstraintAssessment): number {
  return growthBytesPerSecond / MIB;
}

function close(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= tolerance,
    `${actual} is not ${expected}±${tolerance}`,
  );
}

for (const step of [0.005, 0.05, 0.25, 1, 7]) {
  test(`a steady growth reads the same when sampled every ${step} s`, () => {
    const last = lastOf(
      container(40, step, (at) => 300 + at * 2),
      'container',
    );
    close(growthMib(last), 2, 0.001);
    close(last.timeToLimitSeconds, (1000 - last.usageBytes / MIB) / 2, 0.5);
  });
}

test('a change of pace in the middle does not change the slope', () => {
  const times = [...Array(20).keys(), ...[...Array(100).keys()].map((tick) => 20 + tick / 20), 26, 27, 28, 40, 41];
  const last = lastOf(
    times.map((at) => ({ at, limit: 1000, use: 100 + at * 3 })),
    'container',
  );
  close(growthMib(last), 3, 0.001);
});

test('growth is 0 and time to limit absent until there are points enough', () => {
  const verdicts = play(container(6, 1, (at) => 300 + at * 10));
  const known = verdicts.map(({ assessment }) => assessment.constraints[0]?.growthBytesPerSecond !== 0);
  assert.deepEqual(known, [false, false, false, false, true, true]);
  assert.deepEqual(
    verdicts.map(({ assessment }) => assessment.timeToLimitSeconds !== undefined),
    known,
  );
});

test('no time to limit for what shrinks, stays, is noise, or grows too slowly to be told from noise', () => {
  const noise = (at: number): number => ((at * 7919) % 31) - 15;
  const shapes: Readonly<Record<string, (at: number) => number>> = {
    shrinks: (at) => 600 - at,
    stays: () => 600,
    noise: (at) => 600 + noise(at),
    'a steady sawtooth': (at) => 500 + (at % 7) * 20,
    'too slow': (at) => 600 + at * 0.01,
  };
  for (const [shape, use] of Object.entries(shapes)) {
    const settled = play(container(200, 1, use)).slice(30);
    const times = settled.map(({ assessment }) => assessment.timeToLimitSeconds);
    assert.deepEqual(new Set(times), new Set([undefined]), shape);
  }
});

test('a growth under noise is found', () => {
  const last = lastOf(
    container(120, 1, (at) => 300 + at * 2 + ((at * 7919) % 31) - 15),
    'container',
  );
  close(growthMib(last), 2, 0.5);
  assert.notEqual(last.timeToLimitSeconds, undefined);
});

test('a sudden growth after a long calm is seen within a second, not after the time constant', () => {
  const last = lastOf(
    [
      ...container(300, 1, (at) => 300 + (at % 2)),
      ...container(16, 0.05, (at) => 300 + at * 200).map((sample) => ({ ...sample, at: sample.at + 300 })),
    ],
    'container',
  );
  close(growthMib(last), 200, 5);
  close(last.timeToLimitSeconds, 550 / 200, 0.3);
});

test('an eviction ends the growth that was before it', () => {
  const last = lastOf(
    container(70, 1, (at) => (at < 60 ? 300 + at * 8 : 400)),
    'container',
  );
  assert.equal(growthMib(last), 0);
});

test('what grows again after an eviction has a time to limit again', () => {
  const last = lastOf(
    container(75, 1, (at) => (at < 60 ? 300 + at * 8 : 100 + at * 5)),
    'container',
  );
  close(growthMib(last), 5, 0.001);
  close(last.timeToLimitSeconds, (1000 - 470) / 5, 0.5);
});

test('another limit, and a constraint that comes back, start anew', () => {
  const growing = (at: number): Sample => ({ at, limit: 1000, use: 300 + at * 5 });
  const before = everySecond(30, (at) => growing(at));
  assert.equal(lastOf([...before, { at: 30, limit: 2000, use: 450 }], 'container').growthBytesPerSecond, 0);
  assert.equal(lastOf([...before, { at: 30, use: 450 }, growing(31)], 'container').growthBytesPerSecond, 0);
  close(growthMib(lastOf([...before, growing(30)], 'container')), 5, 0.001);
});

test('over its limit a constraint that grows has no time left', () => {
  const last = lastOf(
    everySecond(20, (at) => ({ budget: 100, rss: 90 + at })),
    'budget',
  );
  assert.equal(last.timeToLimitSeconds, 0);
  assert.equal(last.headroomBytes, -9 * MIB);
});

test('the heap grows as its live set does, whatever the garbage', () => {
  const heap = (live: (at: number) => number) => (at: number) => ({
    heapLimit: 1000,
    heapLive: live(at),
    heapOld: live(at) + (at % 10) * 20,
  });
  const leaking = lastOf(
    everySecond(
      200,
      heap((at) => 200 + Math.floor(at / 10) * 5),
    ),
    'heap',
  );
  close(growthMib(leaking), 0.5, 0.01);
  close(leaking.timeToLimitSeconds, (1000 - 295) / 0.5, 20);
  assert.equal(
    lastOf(
      everySecond(
        200,
        heap(() => 400),
      ),
      'heap',
    ).timeToLimitSeconds,
    undefined,
  );
  assert.equal(
    lastOf(
      everySecond(60, (at) => ({ heapLimit: 1000, heapOld: at * 7 })),
      'heap',
    ).growthBytesPerSecond,
    0,
  );
});

test('a heap that has not collected for ten minutes does not grow', () => {
  const leaking = everySecond(60, (at) => ({ heapLimit: 1000, heapLive: 200 + at, heapOld: 300 }));
  const later = (at: number): Sample => ({ at, heapLimit: 1000, heapLive: 259, heapOld: 300 });
  close(growthMib(lastOf([...leaking, later(600)], 'heap')), 1, 0.001);
  const stale = lastOf([...leaking, later(600), later(660)], 'heap');
  assert.equal(stale.growthBytesPerSecond, 0);
  assert.equal(stale.timeToLimitSeconds, undefined);
});
