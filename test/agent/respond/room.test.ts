/** How much more a process may take before the level would be high. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { createPolicy } from '../../../agent/config/presets.ts';
import type { Assessment, Weight } from '../../../agent/model/assessment.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';
import type { Level } from '../../../agent/model/level.ts';
import { createReusable } from '../../../agent/respond/reusable.ts';
import { roomBytes } from '../../../agent/respond/room.ts';
import { rowOf } from '../../helpers/snapshot.ts';

/** high .82, left at .75 */
const STANDARD = createPolicy({ preset: 'standard' });
const LIMIT_BYTES = 1000;

function room(
  level: Level,
  ratio: number,
  constraint: Constraint,
  reusableBytes = 0,
  weight: Weight = 'fully',
): number {
  const ceiling = {
    constraint,
    weight,
    usageBytes: ratio * LIMIT_BYTES,
    limitBytes: LIMIT_BYTES,
    utilizationRatio: ratio,
    headroomBytes: LIMIT_BYTES - ratio * LIMIT_BYTES,
    growthBytesPerSecond: 0,
    timeToLimitSeconds: undefined,
  };
  const container = { ...ceiling, constraint: 'container', usageBytes: 100, weight: 'fully' } as const;
  const assessment: Assessment = { ...IDLE_ASSESSMENT, level, constraints: [container, ceiling] };
  return roomBytes(assessment, STANDARD, reusableBytes);
}

test('room is what is left until the nearest high, and while it is there, up to where it may be left', () => {
  assert.equal(room(0, 0.6, 'heap'), 220);
  assert.equal(room(1, 0.9, 'budget'), 0);
  assert.equal(room(2, 0.79, 'budget'), 0);
  assert.equal(room(2, 0.5, 'budget'), 250);
});

test('there is no end to it where nothing limits, and what only warns does not', () => {
  assert.equal(roomBytes(IDLE_ASSESSMENT, STANDARD, 0), Infinity);
  assert.equal(room(1, 0.9, 'host', 0, 'elevated'), 720); // of the other
});

test('what the process can use again is room under what is seen from outside, and none in the heap', () => {
  assert.equal(room(2, 0.9, 'budget', 80), 80);
  assert.equal(room(0, 0.6, 'budget', 80), 300);
  assert.equal(room(2, 0.9, 'heap', 80), 0);
});

test('what JavaScript gave up and the kernel has not back can be used again, until it is, or it is forgotten', () => {
  const { observe, bytes } = createReusable(60_000);
  const story: readonly (readonly [atMs: number, heldBytes: number, rssBytes: number, reusableBytes: number])[] = [
    [0, 20, 60, 0],
    [1000, 120, 165, 0],
    [2000, 30, 160, 90], // given up; 5 of it went back
    [3000, 80, 160, 40], // 50 are used again
    [4000, 80, 120, 0], // the rest went back
    [5000, 30, 120, 50],
    [61_001, 30, 120, 0],
  ];
  for (const [atMs, heldBytes, rssBytes, expected] of story) {
    observe(rowOf({ heapTotalBytes: heldBytes - 10, heapExternalBytes: 10, processRssBytes: rssBytes }), atMs);
    assert.equal(bytes(), expected, `at ${atMs}`);
  }
});

test('what native code takes beside JavaScript is not taken for room, nor a reading that is missing', () => {
  const { observe, bytes } = createReusable(60_000);
  observe(rowOf({ heapTotalBytes: 20, heapExternalBytes: 0, processRssBytes: 60 }), 0);
  observe(rowOf({ heapTotalBytes: 20, heapExternalBytes: 0, processRssBytes: 500 }), 1000);
  assert.equal(bytes(), 0);
  observe(rowOf({ heapTotalBytes: 20 }), 2000);
  assert.equal(bytes(), 0);
});
