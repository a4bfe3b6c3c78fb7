import assert from 'node:assert/strict';
import test from 'node:test';

import { createPolicy } from '../../../agent/config/presets.ts';
import type { Assessment, ConstraintAssessment } from '../../../agent/model/assessment.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';
import { COL, createRow, type Row } from '../../../agent/model/row.ts';
import { distances, moved, nextDelayMs } from '../../../agent/sample/pace.ts';

const MB = 1_000_000;
const policy = createPolicy({ preset: 'standard' });
const still = { heapBytes: 0, containerBytes: 0, budgetBytes: 0 };

function assessment(
  ...constraints: readonly (readonly [Constraint, usageBytes: number, limitBytes: number])[]
): Assessment {
  return {
    ...IDLE_ASSESSMENT,
    constraints: constraints.map(([constraint, usageBytes, limitBytes]): ConstraintAssessment => ({
      constraint,
      weight: 'fully',
      usageBytes,
      limitBytes,
      utilizationRatio: usageBytes / limitBytes,
      headroomBytes: limitBytes - usageBytes,
      growthBytesPerSecond: 0,
      timeToLimitSeconds: undefined,
    })),
  };
}

function heapRow(usedBytes: number, newLargeBytes: number, limitBytes: number): Row {
  const row = createRow();
  row[COL.heapOldUsedBytes] = usedBytes;
  row[COL.heapNewLargeUsedBytes] = newLargeBytes;
  row[COL.heapOldLimitBytes] = limitBytes;
  return row;
}

test('the distance is to the next threshold, and over the last one to the limit', () => {
  const cases = [
    [100, 600],
    [700, 120],
    [850, 70],
    [950, 50],
    [1_100, 0],
  ] as const;
  for (const [used, expected] of cases) {
    const { containerBytes } = distances(createRow(), assessment(['container', used * MB, 1_000 * MB]), policy);
    assert.ok(Math.abs(containerBytes - expected * MB) < 1, `${used}: ${containerBytes}`);
  }
});

test('the heap counts from 0.90 of current use on, large new objects included: below, only a collection moves its level', () => {
  assert.equal(distances(heapRow(500 * MB, 100 * MB, 1_000 * MB), assessment(), policy).heapBytes, 300 * MB);
  assert.ok(Math.abs(distances(heapRow(910 * MB, 0, 1_000 * MB), assessment(), policy).heapBytes - 10 * MB) < 1);
  assert.equal(distances(createRow(), assessment(), policy).heapBytes, Infinity);
});

test('the budget has thresholds of its own', () => {
  const budget = createPolicy({ preset: 'budget' });
  assert.equal(distances(createRow(), assessment(['budget', 900 * MB, 1_000 * MB]), budget).budgetBytes, 100 * MB);
});

test('a container at rest in 256 MiB is looked at about four times a second', () => {
  const far = distances(createRow(), assessment(['container', 60 * 2 ** 20, 256 * 2 ** 20]), policy);
  const delayMs = nextDelayMs(far, still, 50, 1_000);
  assert.ok(delayMs > 150 && delayMs < 250, `${delayMs} ms`);
});

test('movement shortens the distance; without any limit the pace is that at rest', () => {
  const far = distances(createRow(), assessment(['container', 0, 1_000 * MB]), policy);
  assert.equal(nextDelayMs(far, still, 50, 1_000), 1_000);
  assert.equal(nextDelayMs(far, { ...still, containerBytes: 350 * MB }, 50, 1_000), 500);
  assert.equal(nextDelayMs(distances(createRow(), assessment(), policy), still, 50, 1_000), 1_000);
});

test('two percent of a limit is a movement in both directions', () => {
  const from = distances(createRow(), assessment(['container', 100 * MB, 1_000 * MB]), policy);
  assert.equal(moved(from, { ...still, containerBytes: 19 * MB }), false);
  assert.equal(moved(from, { ...still, containerBytes: 20 * MB }), true);
  assert.equal(moved(from, { ...still, containerBytes: -20 * MB }), true);
});
