/** docs/ring-file.md is enough to write a reader: the one it shows, in another language, gives what was written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { COL, createRow } from '../../../agent/model/row.ts';
import { NOTE_SLOT_BYTES, NOTE_SLOTS } from '../../../agent/record/layout.ts';
import { EMPTY_NOTE, record, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

const page = readFileSync(new URL('../../../docs/ring-file.md', import.meta.url), 'utf8');
const program = /```python\n(.*?)```/s.exec(page)?.[1] ?? '';
const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'needs python3';

function run(path: string): string {
  const child = spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  return child.stdout;
}

test('the reader of the page gives the records, the note and the end of a ring file', { skip }, (context) => {
  const recorder = record(temporaryDirectory(context), { capacity: 4 });
  const row = createRow();
  for (let sequence = 1; sequence <= 6; sequence++) {
    row[COL.wallMs] = START_WALL_MS + sequence;
    row[COL.pressureRatio] = sequence / 8;
    recorder.write(row);
  }
  const lines = [3, 4, 5, 6].map((sequence) => `${sequence} ${START_WALL_MS + sequence}.0 ${sequence / 8}\n`).join('');
  assert.equal(run(recorder.path), lines);
  for (const mode of ['observe', 'protect']) recorder.note({ ...EMPTY_NOTE, mode });
  recorder.end(143, START_WALL_MS);
  assert.equal(run(recorder.path), `${lines}mode protect\nexit code 143.0\n`);
});

test('the reader of the page copes with a file that was cut off', { skip }, (context) => {
  const recorder = record(temporaryDirectory(context), { capacity: 4 });
  const row = createRow().fill(1);
  for (let sequence = 1; sequence <= 4; sequence++) recorder.write(row);
  recorder.close();
  truncateSync(recorder.path, readFileSync(recorder.path).length - NOTE_SLOTS * NOTE_SLOT_BYTES - 1);
  assert.equal(run(recorder.path), '1 1.0 1.0\n2 1.0 1.0\n3 1.0 1.0\n');
});
