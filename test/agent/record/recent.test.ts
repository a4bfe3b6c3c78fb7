/** The newest rows in memory that is used again: the same that the reader of everything finds. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';

import { COL, createRow } from '../../../agent/model/row.ts';
import { readRing } from '../../../agent/record/reader.ts';
import { recentRows } from '../../../agent/record/recent.ts';
import { record, temporaryDirectory } from './ring-fixture.ts';

function wallTimes(path: string, sinceMs = 0): readonly number[] {
  const found = recentRows(path, sinceMs);
  assert.ok(found.ok);
  return found.reading.map((row) => row[COL.wallMs] ?? Number.NaN);
}

function whole(path: string): readonly number[] {
  const found = readRing(path);
  assert.ok(found.ok);
  return found.reading.records.map(({ row }) => row[COL.wallMs] ?? Number.NaN);
}

test('what was written is found oldest first, before and after the ring came round, and from a moment on', (context) => {
  for (const written of [0, 1, 31, 32, 33, 50, 51, 99, 100, 130]) {
    const recorder = record(temporaryDirectory(context), { capacity: 50 });
    for (let n = 1; n <= written; n += 1) recorder.write(createRow().fill(n));
    assert.deepEqual(wallTimes(recorder.path), whole(recorder.path), `${written} written`);
    assert.equal(wallTimes(recorder.path).length, Math.min(50, written));
    assert.deepEqual(
      wallTimes(recorder.path, written - 4),
      whole(recorder.path).filter((ms) => ms >= written - 4),
    );
    recorder.close();
  }
});

test('a damaged record is left out, the others are told, and nothing of another file is left in a row', (context) => {
  const recorder = record(temporaryDirectory(context), { capacity: 50 });
  for (let n = 1; n <= 70; n += 1) recorder.write(createRow().fill(n));
  recorder.close();
  const bytes = readFileSync(recorder.path);
  const all = whole(recorder.path);
  const at = bytes.indexOf(Buffer.from(new Float64Array([60, 60, 60]).buffer));
  bytes.writeDoubleLE(-1, at + 8);
  writeFileSync(recorder.path, bytes);
  assert.deepEqual(
    wallTimes(recorder.path),
    all.filter((ms) => ms !== 60),
  );
  assert.equal(recentRows(`${recorder.path}.none`, 0).ok, false);
});
