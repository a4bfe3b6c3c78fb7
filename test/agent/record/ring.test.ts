/** What the recorder writes, the reader gives back. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { COL, COLUMNS, createRow, type ColumnName, type Row } from '../../../agent/model/row.ts';
import { readLatest, readRing } from '../../../agent/record/reader.ts';
import { readable, record, recorderOptions, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

function rowOf(value: number): Row {
  return createRow().fill(value);
}

describe('a ring file', () => {
  test('gives back every double of the last rows, bit for bit, in order', (context) => {
    const directory = temporaryDirectory(context);
    const columns: readonly ColumnName[] = ['wallMs', 'heapLiveBytes', 'level'];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double(), { minLength: 3, maxLength: 3 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        (rows, capacity) => {
          const recorder = record(directory, { columns, capacity });
          for (const row of rows) recorder.write(Float64Array.from(row));
          const latest = readable(readLatest(recorder.path));
          const { records, missing, rejected, end } = readable(readRing(recorder.path));
          recorder.discard();
          const expected = rows.slice(-capacity);
          assert.deepEqual(
            records.map(({ row }) => columns.map((column) => row[COL[column]])),
            expected,
          );
          assert.deepEqual(
            records.map(({ sequence }) => sequence),
            expected.map((_, index) => rows.length - expected.length + index + 1),
          );
          assert.deepEqual(latest.record, records.at(-1));
          assert.deepEqual({ missing, rejected, end }, { missing: 0, rejected: 0, end: undefined });
        },
      ),
    );
  });

  test('of today has every column, and the size of 1024 records from its first moment on', (context) => {
    const recorder = record(temporaryDirectory(context));
    const size = statSync(recorder.path).size;
    assert.ok(size > 1024 * 8 * COLUMNS.length && size < 2e6, String(size));
    const row = createRow();
    for (const [index] of COLUMNS.entries()) row[index] = index + 0.25;
    for (let count = 0; count < 1030; count++) recorder.write(row);
    const { records, header } = readable(readRing(recorder.path));
    assert.deepEqual(header.columns, COLUMNS);
    assert.equal(records.length, 1024);
    assert.equal(records[0]?.sequence, 7);
    assert.deepEqual(records[0].row, row);
    assert.equal(statSync(recorder.path).size, size);
    recorder.close();
  });

  test('says who wrote it, when, under which limits and with which policy', (context) => {
    const directory = temporaryDirectory(context);
    const recorder = record(directory);
    const { header } = readable(readRing(recorder.path));
    const { identity, facts, policy } = recorderOptions(directory);
    assert.deepEqual(header.identity, { ...identity, serviceInstanceId: recorder.instanceId });
    assert.equal(header.identity.startWallMs, START_WALL_MS);
    assert.deepEqual(header.facts, facts);
    assert.deepEqual(header.policy, policy);
    assert.deepEqual([header.formatVersion, header.capacity, header.omitted], [1, 1024, 0]);
    recorder.close();
  });

  test('keeps the readings of a version with other columns apart: unknown ones are left out, missing ones are NaN', (context) => {
    const columns = ['fromTheFutureBytes', 'level', 'wallMs'];
    const recorder = record(temporaryDirectory(context), { columns });
    recorder.write(Float64Array.of(1, 2, 3));
    const { header, records } = readable(readRing(recorder.path));
    const row = records[0]?.row ?? createRow();
    assert.deepEqual(header.columns, columns);
    assert.deepEqual([row[COL.level], row[COL.wallMs], row[COL.heapLiveBytes]], [2, 3, Number.NaN]);
    assert.equal(row.filter((value) => !Number.isNaN(value)).length, 2);
    recorder.close();
  });

  test('holds the end of its process: exit code, time, and how many records came before', (context) => {
    const recorder = record(temporaryDirectory(context));
    recorder.write(rowOf(1));
    recorder.end(3, START_WALL_MS + 5000);
    const end = { exitCode: 3, wallMs: START_WALL_MS + 5000, lastSequence: 1 };
    assert.deepEqual(readable(readRing(recorder.path)).end, end);
    assert.deepEqual(readable(readLatest(recorder.path)).end, end);
    assert.equal(readable(readRing(recorder.path)).records.length, 1);
  });

  test('has no latest record before the first', (context) => {
    const recorder = record(temporaryDirectory(context));
    assert.equal(readable(readLatest(recorder.path)).record, undefined);
    assert.deepEqual(readable(readRing(recorder.path)).records, []);
    recorder.close();
  });

  test('drops facts and resource attributes, never columns, when a header would grow without end', (context) => {
    const directory = temporaryDirectory(context);
    const { identity } = recorderOptions(directory);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`attribute${index}`, 'x'.repeat(500)]));
    const endless = 'é'.repeat(100_000);
    const recorder = record(directory, {
      identity: { ...identity, serviceName: endless, resource: many },
      facts: { 'cgroup.path': '/a', 'v8.limit': Infinity },
    });
    recorder.write(rowOf(7));
    const { header, records } = readable(readRing(recorder.path));
    assert.deepEqual(header.columns, COLUMNS);
    assert.equal(header.identity.serviceName, endless.slice(0, 1024));
    assert.deepEqual(header.facts, { 'cgroup.path': '/a', 'v8.limit': 'Infinity' });
    assert.ok(header.omitted > 0);
    assert.equal(Object.keys(header.identity.resource).length, 502 - header.omitted - 2);
    assert.ok(header.headerBytes <= 64 * 1024);
    assert.equal(records.length, 1);
    recorder.close();
  });
});

describe('a damaged ring file', () => {
  const columns: readonly ColumnName[] = ['wallMs', 'level'];
  const RECORD_BYTES = 8 * 5;

  /** Eight records in five slots: sequences 6 7 8 4 5. */
  function damagedRing(
    context: Parameters<typeof temporaryDirectory>[0],
    damage: (bytes: Buffer, first: number) => Buffer,
  ) {
    const recorder = record(temporaryDirectory(context), { columns, capacity: 5 });
    for (let count = 1; count <= 8; count++) recorder.write(Float64Array.of(count, 0));
    recorder.close();
    const { header } = readable(readRing(recorder.path));
    const bytes = readFileSync(recorder.path);
    writeFileSync(recorder.path, damage(bytes, header.headerBytes + 4096));
    const { records, missing, rejected } = readable(readRing(recorder.path));
    const latest = readable(readLatest(recorder.path)).record?.sequence;
    return { sequences: records.map(({ sequence }) => sequence), missing, rejected, latest };
  }

  test('loses only the records that are damaged', (context) => {
    const seen = damagedRing(context, (bytes, first) =>
      bytes.fill(0xff, first + 3 * RECORD_BYTES + 30, first + 3 * RECORD_BYTES + 31),
    );
    assert.deepEqual(seen, { sequences: [5, 6, 7, 8], missing: 1, rejected: 1, latest: 8 });
  });

  test('gives the newest record that is whole as the latest', (context) => {
    const seen = damagedRing(context, (bytes, first) =>
      bytes.fill(0xff, first + 2 * RECORD_BYTES + 30, first + 2 * RECORD_BYTES + 31),
    );
    assert.deepEqual(seen, { sequences: [4, 5, 6, 7], missing: 1, rejected: 1, latest: 7 });
  });

  test('has a gap where a slot was zeroed', (context) => {
    const seen = damagedRing(context, (bytes, first) => bytes.fill(0, first, first + RECORD_BYTES));
    assert.deepEqual(seen, { sequences: [4, 5, 7, 8], missing: 1, rejected: 0, latest: 8 });
  });

  test('is read as far as it goes when it was cut off', (context) => {
    const seen = damagedRing(context, (bytes, first) => bytes.subarray(0, first + 2 * RECORD_BYTES + 39));
    assert.deepEqual(seen, { sequences: [6, 7], missing: 3, rejected: 0, latest: 7 });
    const empty = damagedRing(context, (bytes, first) => bytes.subarray(0, first - 4096));
    assert.deepEqual(empty, { sequences: [], missing: 0, rejected: 0, latest: undefined });
  });

  test('does not take a record for one of another slot', (context) => {
    const seen = damagedRing(context, (bytes, first) => {
      bytes.copyWithin(first + 3 * RECORD_BYTES, first, first + RECORD_BYTES);
      return bytes;
    });
    assert.deepEqual(seen, { sequences: [5, 6, 7, 8], missing: 1, rejected: 1, latest: 8 });
  });

  test('does not take the record of another process for its own', (context) => {
    const other = record(temporaryDirectory(context), { columns, capacity: 5 });
    for (let count = 1; count <= 9; count++) other.write(Float64Array.of(count, 0));
    other.close();
    const foreign = readFileSync(other.path);
    const seen = damagedRing(context, (bytes, first) => {
      foreign.copy(bytes, first + 3 * RECORD_BYTES, first + 3 * RECORD_BYTES, first + 4 * RECORD_BYTES);
      return bytes;
    });
    assert.deepEqual(seen, { sequences: [5, 6, 7, 8], missing: 1, rejected: 1, latest: 8 });
  });

  test('does not mix in a record from laps ago', (context) => {
    const recorder = record(temporaryDirectory(context), { columns, capacity: 5 });
    const fd = openSync(recorder.path, 'r+');
    const first = readable(readRing(recorder.path)).header.headerBytes + 4096;
    recorder.write(Float64Array.of(1, 0));
    const old = readFileSync(recorder.path).subarray(first, first + RECORD_BYTES);
    for (let count = 2; count <= 8; count++) recorder.write(Float64Array.of(count, 0));
    writeSync(fd, old, 0, old.length, first);
    const { records, missing, rejected } = readable(readRing(recorder.path));
    assert.deepEqual([records.map(({ sequence }) => sequence), missing, rejected], [[4, 5, 7, 8], 1, 1]);
    closeSync(fd);
    recorder.close();
  });
});
