import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReason, writeVerdict } from '../../../agent/classify/index.ts';
import type { Reason } from '../../../agent/model/assessment.ts';
import { COL, COLUMNS, type ColumnName } from '../../../agent/model/row.ts';
import { MIB, play, rowOf } from './recording.ts';

test('a row holds the whole verdict', () => {
  const sample = { heapLimit: 200, heapOld: 60, heapLive: 50, limit: 1000 };
  const verdicts = play([300, 950, 950].map((use, at) => ({ ...sample, at, use })));
  const row = rowOf({ ...sample, at: 2, use: 950 });
  const last = verdicts.at(-1);
  assert.ok(last);
  writeVerdict(row, last);
  const written = Object.fromEntries(
    COLUMNS.slice(COL.level).flatMap((name) => {
      const value = row[COL[name]];
      return value === undefined || Number.isNaN(value) || value === 0 ? [] : [[name, value]];
    }),
  );
  assert.deepEqual(written, {
    level: 3,
    pressureRatio: 0.95,
    bindingConstraint: 1,
    headroomBytes: 50 * MIB,
    levelSinceMs: 2000,
    heapUsageBytes: 50 * MIB,
    heapLimitBytes: 200 * MIB,
    heapUtilizationRatio: 0.25,
    heapHeadroomBytes: 150 * MIB,
    containerUsageBytes: 950 * MIB,
    containerLimitBytes: 1000 * MIB,
    containerUtilizationRatio: 0.95,
    containerHeadroomBytes: 50 * MIB,
    transition_normal_critical: 1,
  });
});

test('what is absent is NaN, also where an older verdict stood; nothing binding is −1', () => {
  const row = rowOf({ at: 0 });
  row.fill(7, COL.level);
  const [verdict] = play([{ at: 0 }]);
  assert.ok(verdict);
  writeVerdict(row, verdict);
  const cells = (names: readonly ColumnName[]): unknown[] => names.map((name) => row[COL[name]]);
  assert.deepEqual(cells(['level', 'pressureRatio', 'bindingConstraint', 'headroomBytes', 'timeToLimitSeconds']), [
    0,
    0,
    -1,
    Number.NaN,
    Number.NaN,
  ]);
  const constraintColumns = COLUMNS.slice(COL.heapUsageBytes, COL.transition_normal_elevated);
  assert.equal(constraintColumns.length, 36);
  assert.ok(cells(constraintColumns).every(Number.isNaN));
  assert.ok(cells(COLUMNS.slice(COL.transition_normal_elevated)).every((count) => count === 0));
});

test('growth and time to limit are written per constraint', () => {
  const samples = Array.from({ length: 20 }, (_, at) => ({ at, limit: 1000, use: 300 + 10 * at }));
  const last = play(samples).at(-1);
  assert.ok(last);
  const row = rowOf({ at: 19 });
  writeVerdict(row, last);
  assert.ok(Math.abs((row[COL.containerGrowthBytesPerSecond] ?? 0) / MIB - 10) < 1e-6);
  assert.ok(Math.abs((row[COL.containerTimeToLimitSeconds] ?? 0) - 51) < 1e-6);
  assert.equal(row[COL.timeToLimitSeconds], row[COL.containerTimeToLimitSeconds]);
});

test('transitions are counted over the life of the classifier', () => {
  const uses = [100, 950, 950, ...Array.from({ length: 40 }, () => 100), 720, 720, 950, 950];
  const last = play(uses.map((use, at) => ({ at, limit: 1000, use }))).at(-1);
  assert.ok(last);
  const row = rowOf({ at: 0 });
  writeVerdict(row, last);
  const counted = COLUMNS.slice(COL.transition_normal_elevated).filter((name) => (row[COL[name]] ?? 0) > 0);
  assert.deepEqual(counted.toSorted(), [
    'transition_critical_high',
    'transition_elevated_critical',
    'transition_elevated_normal',
    'transition_high_elevated',
    'transition_normal_critical',
    'transition_normal_elevated',
  ]);
});

test('a reason is one short sentence with its numbers', () => {
  const sentences: readonly (readonly [Reason, string])[] = [
    [
      { kind: 'utilization', constraint: 'container', level: 3, utilizationRatio: 0.9399, thresholdRatio: 0.92 },
      'container at 0.93 of its limit, critical from 0.92',
    ],
    [
      { kind: 'utilization', constraint: 'budget', level: 2, utilizationRatio: 1.1, thresholdRatio: 1 },
      'budget at 1.10 of its limit, high from 1.00',
    ],
    [{ kind: 'held', level: 2, by: 'hysteresis' }, 'still high: not below its exit yet'],
    [{ kind: 'held', level: 1, by: 'dwell' }, 'still elevated: its shortest stay is not over'],
    [{ kind: 'held', level: 3, by: 'cool-down' }, 'still critical: the last step down was just now'],
    [
      { kind: 'kernel-event', event: 'max', count: 3 },
      'the kernel counted max 3×: the group reached its limit and found little to reclaim',
    ],
    [
      { kind: 'kernel-event', event: 'oom', count: 1 },
      'the kernel counted oom 1×: the group could not get memory under its limit',
    ],
    [
      { kind: 'kernel-event', event: 'oom_kill', count: 2 },
      'the kernel counted oom_kill 2×: the group had a process killed for memory',
    ],
    [
      { kind: 'latched', constraint: 'container', quietMs: 301_400 },
      'container over a threshold, yet nothing has moved for 301 s: taken down',
    ],
  ];
  for (const [reason, sentence] of sentences) assert.equal(describeReason(reason), sentence);
});
