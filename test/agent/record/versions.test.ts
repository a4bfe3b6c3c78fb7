/**
 * Ring files across versions, both ways. test/fixtures/record/before-notes.ring.gz was written by the last agent that knew no note, with 16
 * columns fewer; reader-before-notes.mjs.gz is the reader of that agent: esbuild agent/record/reader.ts --bundle --platform=node --format=esm.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { COL, COLUMNS, createRow, type ColumnName } from '../../../agent/model/row.ts';
import { createCrc32 } from '../../../agent/record/crc32.ts';
import { followRing } from '../../../agent/record/follow.ts';
import { createBlock, noteOffsetOf } from '../../../agent/record/layout.ts';
import { readLatest, readRing } from '../../../agent/record/reader.ts';
import { EMPTY_NOTE, readable, record, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

const FIXTURES = new URL('../../fixtures/record/', import.meta.url);

interface OldReading {
  readonly header: { readonly columns: readonly string[]; readonly capacity: number };
  readonly records: readonly { readonly sequence: number; readonly row: Float64Array }[];
  readonly record: { readonly sequence: number } | undefined;
  readonly end: { readonly exitCode: number } | undefined;
  readonly missing: number;
  readonly rejected: number;
}
type OldRead = (path: string) => { readonly ok: boolean; readonly reading: OldReading };
let old: { readonly readRing: OldRead; readonly readLatest: OldRead };

function unpacked(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(name, FIXTURES)));
}

before(async () => {
  const code = unpacked('reader-before-notes.mjs.gz').toString('base64');
  old = (await import(`data:text/javascript;base64,${code}`)) as typeof old;
});

describe('a ring file of an older agent', () => {
  function older(context: TestContext): string {
    const path = join(temporaryDirectory(context), '20261122T091133413Z-fb5f42492c76227b.ring');
    writeFileSync(path, unpacked('before-notes.ring.gz'));
    return path;
  }

  test('is read by name: what it did not know is not available, and it has no note', (context) => {
    const path = older(context);
    const { header, records, note, end, missing, rejected } = readable(readRing(path));
    assert.equal(header.noteSlotBytes, 0);
    assert.ok(header.columns.length < COLUMNS.length && !header.columns.includes('cachesBytes'));
    assert.deepEqual([note, end, missing, rejected], [undefined, undefined, 0, 0]);
    const last = records.at(-1)?.row ?? createRow();
    assert.deepEqual([last[COL.cachesBytes], last[COL.drillLevel], last[COL.cache1Name]], Array(3).fill(Number.NaN));
    assert.ok((last[COL.heapUsedBytes] ?? 0) > 2 ** 20);
    assert.equal(last[COL.level], 1);
    const { columns, ...written } = old.readRing(path).reading.header;
    assert.deepEqual([header.columns, header.capacity], [columns, written.capacity]);
  });

  test('is found at its newest record, and followed', (context) => {
    const path = older(context);
    const newest = readable(readRing(path)).records.at(-1);
    assert.deepEqual(readable(readLatest(path)).record, newest);
    const follower = readable(followRing(path));
    assert.deepEqual(follower.poll(), { rows: [newest], note: undefined, end: undefined, isGone: false });
    follower.close();
  });
});

describe('a ring file of today', () => {
  test('is read by the older agent, which does not see the note', (context) => {
    const recorder = record(temporaryDirectory(context), { capacity: 3 });
    const row = createRow();
    for (let level = 1; level <= 4; level++) {
      row[COL.level] = level;
      recorder.write(row);
      recorder.note(EMPTY_NOTE);
    }
    recorder.end(7, START_WALL_MS);
    const { records, end, missing, rejected, header } = old.readRing(recorder.path).reading;
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      [2, 3, 4],
    );
    assert.deepEqual(header.columns, COLUMNS);
    assert.deepEqual([end?.exitCode, missing, rejected], [7, 0, 0]);
    assert.equal(old.readLatest(recorder.path).reading.record?.sequence, 4);
  });
});

describe('a ring file of a newer agent', () => {
  const MORE: readonly string[] = ['wallMs', 'somethingNewBytes', 'level', 'anotherNewRatio'];

  /** More columns, keys of the header that nobody knows yet, and a longer note that says more. */
  function newer(context: TestContext): string {
    const columns = MORE as readonly ColumnName[];
    const recorder = record(temporaryDirectory(context), { columns, capacity: 3, noteSlotBytes: 64 * 1024 });
    for (let count = 1; count <= 4; count++) recorder.write(Float64Array.of(START_WALL_MS, 1e9, count, 0.5));
    const more = { notYetKnown: { by: 'us' }, events: Array.from({ length: 30 }, eventOfTomorrow) };
    recorder.note({ ...EMPTY_NOTE, names: ['small'], ...more });
    recorder.close();
    changeHeader(recorder.path, (header) => ({ ...header, future: [1, 2], note: { place: 'elsewhere' } }));
    return recorder.path;
  }

  function eventOfTomorrow(_: unknown, index: number) {
    const name = index % 2 === 0 ? 'plimsoll.mode.changed' : 'plimsoll.of.tomorrow';
    const attributes = { 'plimsoll.mode.to': 'off', 'plimsoll.list': [1] };
    return {
      name,
      wallMs: START_WALL_MS + index,
      severity: 'WARN',
      text: 'é'.repeat(600),
      attributes,
      more: true,
    } as never;
  }

  function changeHeader(path: string, change: (header: object) => object): void {
    const file = readFileSync(path);
    const block = createBlock(4096);
    block.bytes.set(file.subarray(0, 4096));
    const jsonBytes = block.words[8] ?? 0;
    const header = JSON.parse(file.subarray(64, 64 + jsonBytes).toString()) as object;
    const json = Buffer.from(JSON.stringify(change(header)));
    block.bytes.fill(0, 64).set(json, 64);
    block.words[8] = json.length;
    block.words[1023] = createCrc32()(block.words, 0, 1023);
    file.set(block.bytes);
    writeFileSync(path, file);
  }

  test('is read by today’s', (context) => {
    const path = newer(context);
    const { header, records, note } = readable(readRing(path));
    assert.deepEqual(header.columns, MORE);
    assert.deepEqual(
      records.map(({ sequence, row }) => [sequence, row[COL.level]]),
      [
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    );
    assert.deepEqual([note?.names, Object.hasOwn(note ?? {}, 'notYetKnown')], [['small'], false]);
    assert.equal(note?.events.length, 15); // those that are known
    assert.deepEqual(note.events[0]?.attributes, { 'plimsoll.mode.to': 'off' });
    assert.ok(readFileSync(path).length > noteOffsetOf(header, 1));
  });

  test('is read by the older agent', (context) => {
    const { records, missing, rejected } = old.readRing(newer(context)).reading;
    assert.deepEqual([records.map(({ sequence }) => sequence), missing, rejected], [[2, 3, 4], 0, 0]);
  });
});
