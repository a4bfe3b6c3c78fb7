import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Assessment, ConstraintAssessment } from '../../../../agent/model/assessment.ts';
import { IDLE_ASSESSMENT } from '../../../../agent/model/handle.ts';
import type { Level } from '../../../../agent/model/level.ts';
import { createAskedLevel } from '../../../../agent/respond/reclaim/asked-level.ts';

function ceiling(constraint: 'container' | 'heap', utilizationRatio: number): ConstraintAssessment {
  return {
    constraint,
    weight: 'fully',
    usageBytes: utilizationRatio * 1000,
    limitBytes: 1000,
    utilizationRatio,
    headroomBytes: 1000 - utilizationRatio * 1000,
    growthBytesPerSecond: 0,
    timeToLimitSeconds: undefined,
  };
}

function asked(level: Level, container: number, insideBytes: number, given: Partial<Assessment> = {}, heap = 0): Level {
  const constraints = [ceiling('container', container), ceiling('heap', heap)];
  const pressureRatio = Math.max(container, heap);
  return createAskedLevel()({ ...IDLE_ASSESSMENT, level, pressureRatio, constraints, ...given }, insideBytes);
}

test('memory freed inside of the process asks for nothing: it is used again before the process grows', () => {
  assert.deepEqual([asked(2, 0.85, 0), asked(2, 0.85, 40), asked(2, 0.85, 100), asked(2, 0.85, 200)], [2, 1, 1, 0]);
});

test('at critical only half of it is relied upon', () => {
  assert.deepEqual([asked(3, 0.95, 50), asked(3, 0.95, 100), asked(3, 0.95, 300)], [3, 2, 1]);
});

test('it is no room for the heap', () => {
  assert.equal(asked(2, 0.6, 500, {}, 0.85), 2);
});

test('a level that the kernel asked for by an event stays', () => {
  const reasons = [{ kind: 'kernel-event', event: 'max', count: 1 }] as const;
  assert.equal(asked(3, 0.75, 500, { reasons }), 3);
});
