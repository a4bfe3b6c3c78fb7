/** When a heap snapshot is refused: it would kill, or hold up for too long. The figures were measured, see the code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { refusalOf } from '../../../agent/capture/write-heap-snapshot.ts';
import type { ConstraintAssessment } from '../../../agent/model/assessment.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';

const MIB = 2 ** 20;

function constraint(name: Constraint, headroomMib: number): ConstraintAssessment {
  return {
    constraint: name,
    weight: 'fully',
    usageBytes: 0,
    limitBytes: headroomMib * MIB,
    utilizationRatio: 0,
    headroomBytes: headroomMib * MIB,
    growthBytesPerSecond: 0,
    timeToLimitSeconds: undefined,
  };
}

for (const [situation, heapMib, constraints, expected] of [
  ['a small heap and room', 20, [constraint('container', 400), constraint('host', 8000)], undefined],
  ['a budget that is used up: it kills nobody', 20, [constraint('budget', 0), constraint('host', 8000)], undefined],
  ['V8 at its limit: a snapshot is not in it', 90, [constraint('heap', 1), constraint('host', 8000)], undefined],
  ['a container with less than 15 times the heap left', 20, [constraint('container', 360)], /15 times the heap/],
  ['a container full, and a large host', 5, [constraint('container', 40), constraint('host', 8000)], /15 times/],
  ['a heap that would take longer than 10 s', 100, [constraint('host', 64_000)], /more than 10 s/],
  ['nothing known of any ceiling', 20, [constraint('budget', 4000)], /not known/],
] as const) {
  test(`${expected === undefined ? 'taken' : 'refused'} with ${situation}`, () => {
    const refused = refusalOf(heapMib * MIB, { ...IDLE_ASSESSMENT, level: 3, constraints });
    if (expected === undefined) assert.equal(refused, undefined);
    else assert.match(refused ?? '', expected);
  });
}
