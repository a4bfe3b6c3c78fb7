import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isConfirming } from '../../../agent/classify/index.ts';
import { createPolicy } from '../../../agent/config/presets.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import type { Policy } from '../../../agent/model/policy.ts';
import { everySecond, levels, play, reasons, rowOf, STANDARD, type Sample } from './recording.ts';
import { classify } from '../../../agent/classify/index.ts';

type Line = readonly [at: number, use: number, level: number, binding: Constraint | undefined, reasons: string];

/** A container of 1000 MiB whose use follows the table. */
function story(name: string, lines: readonly Line[], policy: Policy = STANDARD): void {
  test(name, () => {
    const verdicts = play(
      lines.map(([at, use]) => ({ at, limit: 1000, use })),
      policy,
    );
    assert.deepEqual(
      verdicts.map(({ assessment: { atMs, level, binding, ...rest } }, index) => [
        atMs / 1000,
        lines[index]?.[1],
        level,
        binding,
        reasons({ atMs, level, binding, ...rest }),
      ]),
      lines,
    );
  });
}

story('a level is entered with the second sample at or above it', [
  [0, 500, 0, 'container', ''],
  [1, 700, 0, 'container', ''],
  [2, 699, 0, 'container', ''],
  [3, 700, 0, 'container', ''],
  [4, 700, 1, 'container', 'container 0.70≥0.70'],
]);

story('a jump goes straight to the level that two samples agree on', [
  [0, 300, 0, 'container', ''],
  [1, 950, 0, 'container', ''],
  [2, 950, 3, 'container', 'container 0.95≥0.92'],
]);

story('while a higher level waits for its second sample the lower one already counts', [
  [0, 300, 0, 'container', ''],
  [1, 720, 0, 'container', ''],
  [2, 850, 1, 'container', 'container 0.85≥0.70'],
  [3, 930, 2, 'container', 'container 0.93≥0.82'],
  [4, 930, 3, 'container', 'container 0.93≥0.92'],
]);

story('a level is left below its exit, after its dwell, one level at a time with a cool-down between', [
  [0, 950, 0, 'container', ''],
  [1, 950, 3, 'container', 'container 0.95≥0.92'],
  [2, 860, 3, 'container', 'held by hysteresis'],
  [5, 100, 3, 'container', 'held by dwell'],
  [10, 100, 3, 'container', 'held by dwell'],
  [11, 100, 2, 'container', 'held by cool-down'],
  [12, 100, 2, 'container', 'held by cool-down'],
  [15, 100, 2, 'container', 'held by cool-down'],
  [16, 100, 1, 'container', 'held by cool-down'],
  [21, 100, 0, 'container', ''],
]);

story('a step down stops at the level that is still reached or held', [
  [0, 950, 0, 'container', ''],
  [1, 950, 3, 'container', 'container 0.95≥0.92'],
  [11, 830, 2, 'container', 'container 0.83≥0.82'],
  [16, 740, 2, 'container', 'held by dwell'],
  [21, 650, 1, 'container', 'held by hysteresis'],
  [60, 630, 1, 'container', 'held by hysteresis'],
  [61, 610, 0, 'container', ''],
]);

story('the dwell counts from the last sample that reached the level, so that a sawtooth across it does not flap', [
  [0, 720, 0, 'container', ''],
  [1, 720, 1, 'container', 'container 0.72≥0.70'],
  [9, 600, 1, 'container', 'held by dwell'],
  [10, 720, 1, 'container', 'container 0.72≥0.70'],
  [18, 600, 1, 'container', 'held by dwell'],
  [19, 720, 1, 'container', 'container 0.72≥0.70'],
  [28, 600, 1, 'container', 'held by dwell'],
  [29, 600, 0, 'container', ''],
]);

story(
  'a disabled level is neither entered nor stopped at',
  [
    [0, 750, 0, 'container', ''],
    [1, 750, 0, 'container', ''],
    [2, 850, 0, 'container', ''],
    [3, 850, 2, 'container', 'container 0.85≥0.80'],
    [20, 100, 0, 'container', ''],
  ],
  createPolicy({ preset: 'two-step' }),
);

story(
  'with every level disabled nothing is ever entered',
  [
    [0, 990, 0, 'container', ''],
    [1, 990, 0, 'container', ''],
  ],
  createPolicy({ preset: 'standard', enter: [undefined, undefined, undefined] }),
);

test('the constraint with the largest utilization binds, and gives headroom', () => {
  const [verdict] = play([
    { at: 0, limit: 1000, use: 500, heapLimit: 100, heapOld: 60, heapLive: 60, budget: 800, rss: 300 },
  ]);
  assert.ok(verdict);
  const { binding, pressureRatio, headroomBytes, constraints } = verdict.assessment;
  assert.equal(binding, 'heap');
  assert.equal(pressureRatio, 0.6);
  assert.equal(headroomBytes, 40 * 2 ** 20);
  assert.deepEqual(
    constraints.map(({ constraint, weight }) => [constraint, weight]),
    [
      ['heap', 'fully'],
      ['container', 'fully'],
      ['budget', 'fully'],
    ],
  );
});

test('of equal utilizations the first constraint binds', () => {
  const [verdict] = play([{ at: 0, limit: 1000, use: 500, budget: 500, rss: 250 }]);
  assert.equal(verdict?.assessment.binding, 'container');
});

test('without any limit there is no pressure, and nothing binds', () => {
  const [verdict] = play([{ at: 0, limit: Infinity, use: 500 }]);
  assert.deepEqual(
    { ...verdict?.assessment },
    {
      level: 0,
      sinceMs: 0,
      atMs: 0,
      pressureRatio: 0,
      binding: undefined,
      headroomBytes: undefined,
      timeToLimitSeconds: undefined,
      reasons: [],
      constraints: [],
    },
  );
});

test('the budget has its own thresholds and may be exceeded', () => {
  const policy = createPolicy({ preset: 'budget' });
  const at = (rss: number): string =>
    levels(
      play(
        [0, 1].map((second) => ({ at: second, budget: 1000, rss }) satisfies Sample),
        policy,
      ),
    );
  assert.deepEqual([790, 800, 1000, 1090, 1100].map(at), ['00', '01', '02', '02', '03']);
});

test('a host counts fully for a process without a limit of its own, and up to elevated for one with', () => {
  const host = { hostTotal: 1000, hostAvailable: 20 };
  const alone = play(everySecond(3, () => ({ ...host, limit: Infinity })));
  assert.equal(levels(alone), '033');
  assert.equal(alone[2]?.assessment.binding, 'host');
  for (const own of [
    { limit: 1000, use: 100 },
    { budget: 1000, rss: 100 },
  ]) {
    const verdicts = play(everySecond(3, () => ({ ...host, ...own })));
    assert.equal(levels(verdicts), '011');
    assert.equal(verdicts[2]?.assessment.pressureRatio, 0.1);
    assert.equal(verdicts[2] && reasons(verdicts[2].assessment), 'host 0.98≥0.70');
  }
});

test('throttle raises to elevated, beyond only with measured stall, and is never part of pressure', () => {
  const throttled = { high: 1000, highUse: 950, limit: 2000, use: 950 };
  const calm = play(everySecond(20, () => ({ ...throttled, stall: 7 })));
  assert.equal(levels(calm).slice(1), '1'.repeat(19));
  const stalled = play(everySecond(20, (second) => ({ ...throttled, stall: 7 + second * 0.3 })));
  const last = stalled.at(-1)?.assessment;
  assert.equal(last?.level, 3);
  assert.equal(last?.binding, 'container');
  assert.equal(last?.pressureRatio, 0.475);
  assert.deepEqual(
    last?.constraints.map(({ constraint, weight }) => [constraint, weight]),
    [
      ['container', 'fully'],
      ['throttle', 'level'],
    ],
  );
});

test('one sample at a higher level asks for another one soon; a confirmed level asks for none', () => {
  const verdicts = play([300, 950, 950, 950, 100].map((use, at) => ({ at, limit: 1000, use })));
  assert.deepEqual(verdicts.map(isConfirming), [false, true, false, false, false]);
});

test('a clock that stands still or runs backwards moves no timer', () => {
  let verdict = play([0, 1].map((at) => ({ at, limit: 1000, use: 950 }))).at(-1);
  for (const at of [0.5, Number.NaN, Infinity, -20]) {
    verdict = classify(rowOf({ at, limit: 1000, use: 100 }), STANDARD, verdict);
    assert.equal(verdict.assessment.level, 3);
    assert.equal(verdict.assessment.atMs, 1000);
  }
});
