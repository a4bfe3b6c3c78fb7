import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { classify, isConfirming, writeVerdict, type Verdict } from '../../../agent/classify/index.ts';
import { COL, createRow } from '../../../agent/model/row.ts';
import { garbageRow, policy, recording, SEED } from './arbitrary.ts';
import { playRows, rowOf, STANDARD, type Sample } from './recording.ts';

const RUNS = { seed: SEED, numRuns: 40 };

function property(name: string, check: fc.IProperty<never> | fc.IRawProperty<unknown>): void {
  test(name, async (t) => {
    t.diagnostic(`seed ${SEED}`);
    await fc.assert(check, RUNS);
  });
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}

property(
  'the same rows give the same verdicts, and nothing handed in is changed',
  fc.property(recording, policy, (rows, chosen) => {
    deepFreeze(chosen);
    const copies = rows.map((row) => row.slice());
    const first = playRows(rows, chosen);
    const again: Verdict[] = [];
    for (const row of copies) {
      const previous = again.at(-1);
      deepFreeze(previous);
      again.push(classify(row, chosen, previous));
    }
    assert.deepEqual(again, first);
    assert.deepEqual(copies, rows);
  }),
);

property(
  'a clone of a verdict goes on as the original does',
  fc.property(recording, policy, (rows, chosen) => {
    const middle = rows.length >> 1;
    const whole = playRows(rows, chosen);
    let verdict = whole[middle];
    assert.ok(verdict);

    verdict = structuredClone(verdict);
    for (const row of rows.slice(middle + 1)) verdict = classify(row, chosen, verdict);
    assert.deepEqual(verdict, whole.at(-1));
  }),
);

property(
  'from a fresh state the level never falls when a use is higher',
  fc.property(
    fc.record({
      low: fc.double({ min: 0, max: 1.2, noNaN: true }),
      more: fc.double({ min: 0, max: 1.2, noNaN: true }),
    }),
    fc.constantFrom<(use: number) => Omit<Sample, 'at'>>(
      (use) => ({ limit: 1000, use: 1000 * use }),
      (use) => ({ budget: 1000, rss: 1000 * use }),
      (use) => ({ hostTotal: 1000, hostAvailable: 1000 * (1 - Math.min(1, use)) }),
      (use) => ({ high: 1000, highUse: 1000 * use, limit: 9000, use: 1 }),
      (use) => ({ heapLimit: 1000, heapLive: 300, heapOld: 1000 * use }),
      (use) => ({ heapLimit: 1000, heapLive: 1000 * use, heapOld: 1000 * use }),
    ),
    policy,
    ({ low, more }, shape, chosen) => {
      const level = (use: number): number => {
        const rows = [0, 1, 2, 3].map((at) => rowOf({ at, ...shape(use) }));
        return playRows(rows, chosen).at(-1)?.assessment.level ?? Number.NaN;
      };
      assert.ok(level(low) <= level(low + more));
    },
  ),
);

property(
  'no level is left before its dwell, and steps down keep their cool-down and go one enabled level at a time',
  fc.property(recording, policy, (rows, chosen) => {
    const enabled = [1, 2, 3].filter((level) =>
      [chosen.thresholds, chosen.budgetThresholds].some(({ enter }) => enter[level - 1] !== undefined),
    );
    let level = 0;
    let raisedMs = -Infinity;
    let loweredMs = -Infinity;
    for (const { assessment } of playRows(rows, chosen)) {
      if (assessment.level > level) raisedMs = assessment.atMs;
      if (assessment.level < level) {
        assert.ok(assessment.atMs - raisedMs >= chosen.dwellMs);
        assert.ok(assessment.atMs - loweredMs >= chosen.coolDownMs);
        assert.equal(assessment.level, enabled.findLast((lower) => lower < level) ?? 0);
        loweredMs = assessment.atMs;
      }
      level = assessment.level;
    }
  }),
);

property(
  'pressure is the largest utilization that counts fully, and the binding constraint has it',
  fc.property(recording, policy, (rows, chosen) => {
    for (const { assessment } of playRows(rows, chosen)) {
      const full = assessment.constraints.filter(({ weight }) => weight === 'fully');
      assert.equal(assessment.pressureRatio, Math.max(0, ...full.map(({ utilizationRatio }) => utilizationRatio)));
      const binding = full.find(({ constraint }) => constraint === assessment.binding);
      assert.equal(binding?.utilizationRatio, full.length === 0 ? undefined : assessment.pressureRatio);
      assert.equal(binding?.headroomBytes, assessment.headroomBytes);
    }
  }),
);

property(
  'every level above normal has a reason, and normal has none',
  fc.property(recording, policy, (rows, chosen) => {
    for (const { assessment } of playRows(rows, chosen)) {
      assert.equal(assessment.reasons.length > 0, assessment.level > 0);
    }
  }),
);

property(
  'what confirms is confirmed by samples like the last one',
  fc.property(recording, policy, (rows, chosen) => {
    let verdict = playRows(rows, chosen).at(-1);
    const last = rows.at(-1);
    if (verdict === undefined || last === undefined || !isConfirming(verdict)) return;
    const { level } = verdict.assessment;
    for (let count = 1; count < chosen.confirmSamples; count++) verdict = classify(last, chosen, verdict);
    assert.ok(verdict.assessment.level > level);
    assert.equal(isConfirming(verdict), false);
  }),
);

property(
  'no row, whatever is in it, throws or brings NaN into an assessment',
  fc.property(fc.array(garbageRow, { minLength: 1, maxLength: 30 }), policy, (rows, chosen) => {
    for (const verdict of playRows(rows, chosen)) {
      noNaN(verdict.assessment);
      writeVerdict(createRow(), verdict);
    }
  }),
);

test('a counter that was infinite once says nothing about the next one', () => {
  const [first, second] = [createRow(), createRow()];
  first[COL.cgroupEventsOom] = Number.NEGATIVE_INFINITY;
  second[COL.cgroupEventsOom] = 1e300;
  const verdict = playRows([first, second], STANDARD).at(-1);
  noNaN(verdict?.assessment);
  assert.equal(verdict?.assessment.level, 0);
});

property(
  'a recording brings no NaN into an assessment either',
  fc.property(recording, policy, (rows, chosen) => {
    for (const { assessment } of playRows(rows, chosen)) noNaN(assessment);
  }),
);

function noNaN(value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${value}`);
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) noNaN(inner);
}

property(
  'what stays the same settles: once the level has gone down it never rises again',
  fc.property(recording, policy, fc.constantFrom(50, 1000, 15_000), (rows, chosen, stepMs) => {
    const last = rows.at(-1)?.slice();
    assert.ok(last);
    let verdict = playRows(rows, chosen).at(-1);
    let hasFallen = false;
    for (let count = 0; count < 200; count++) {
      last[COL.monotonicMs] = (last[COL.monotonicMs] ?? 0) + stepMs;
      const level = verdict?.assessment.level ?? 0;
      verdict = classify(last, chosen, verdict);
      if (verdict.assessment.level < level) hasFallen = true;
      assert.ok(verdict.assessment.level <= level || !hasFallen);
    }
  }),
);

test('a row without a single cell is a row without readings', () => {
  const { assessment } = classify(new Float64Array(0), STANDARD, undefined);
  assert.equal(assessment.level, 0);
  assert.equal(assessment.atMs, 0);
});
