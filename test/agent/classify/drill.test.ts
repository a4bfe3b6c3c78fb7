/** A drill raises what is published, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReason, drilled, isRaised, writeDrill } from '../../../agent/classify/index.ts';
import type { Assessment } from '../../../agent/model/assessment.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';
import type { Level } from '../../../agent/model/level.ts';
import { COL, createRow } from '../../../agent/model/row.ts';

function judged(level: Level, atMs: number): Assessment {
  const reasons = level === 0 ? [] : [{ kind: 'held', level, by: 'dwell' } as const];
  return { ...IDLE_ASSESSMENT, level, sinceMs: 5, atMs, reasons };
}

test('it raises the level, says why, and remembers since when', () => {
  const first = drilled(judged(1, 100), 2, judged(1, 90));
  assert.equal(first.level, 2);
  assert.equal(first.sinceMs, 100);
  assert.deepEqual(
    first.reasons.map(({ kind }) => kind),
    ['drill', 'held'],
  );
  assert.equal(drilled(judged(1, 110), 2, first).sinceMs, 100);
  assert.equal(first.reasons.map(describeReason)[0], 'a drill asks for high, memory does not');
});

test('what memory itself asks for counts where it is as high or higher', () => {
  for (const level of [2, 3] as const) {
    const own = judged(level, 100);
    assert.equal(drilled(own, 2, undefined), own);
    assert.equal(isRaised(own), false);
  }
});

test('the row has the level that was published and the one that was asked for; without a drill it has none', () => {
  const row = createRow();
  writeDrill(row, drilled(judged(3, 100), 2, undefined), 2);
  assert.deepEqual([row[COL.level], row[COL.drillLevel], row[COL.levelSinceMs]], [3, 2, 5]);
  writeDrill(row, judged(0, 120), 0);
  assert.deepEqual([row[COL.level], row[COL.drillLevel]], [0, Number.NaN]);
});
