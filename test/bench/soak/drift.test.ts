import assert from 'node:assert/strict';
import test from 'node:test';

import { driftOf } from './drift.ts';

const MINUTE_MS = 60_000;

function everyMinute(values: readonly number[]): { atMs: number; value: number }[] {
  return values.map((value, index) => ({ atMs: index * MINUTE_MS, value }));
}

test('a straight line drifts by its slope, and from the middle of its first quarter to that of its last', () => {
  const line = everyMinute(Array.from({ length: 12 }, (_, index) => 100 + index));
  assert.deepEqual(driftOf(line), { firstQuarter: 101, lastQuarter: 110, perHour: 60 });
});

test('one odd reading is no drift between quarters', () => {
  const { firstQuarter, lastQuarter } = driftOf(everyMinute([5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 90, 5]));
  assert.equal(lastQuarter - firstQuarter, 0);
});

test('too few readings say nothing', () => {
  assert.ok(Number.isNaN(driftOf(everyMinute([1, 2, 3])).perHour));
});
