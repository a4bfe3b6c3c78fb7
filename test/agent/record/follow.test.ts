import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { followRing, type RingFollower } from '../../../agent/record/follow.ts';
import { readLatest } from '../../../agent/record/reader.ts';
import type { Recorder } from '../../../agent/record/writer.ts';
import { unlessLinux } from '../../helpers/platform.ts';
import {
  EMPTY_NOTE,
  openDescriptors,
  readable,
  record,
  START_WALL_MS,
  temporaryDirectory,
  unreadableReason,
} from './ring-fixture.ts';

const COLUMNS = ['wallMs', 'level'];
const RECORD_BYTES = 8 * 5;
const CAPACITY = 5;

function begun(context: TestContext, count: number): { recorder: Recorder; follower: RingFollower } {
  const recorder = record(temporaryDirectory(context), { columns: COLUMNS, capacity: CAPACITY });
  write(recorder, count);
  const follower = readable(followRing(recorder.path));
  context.after(() => {
    follower.close();
    recorder.close();
  });
  return { recorder, follower };
}

function write(recorder: Recorder, count: number): void {
  for (let left = count; left > 0; left--) recorder.write(Float64Array.of(START_WALL_MS, 0));
}

function sequences(follower: RingFollower): readonly number[] {
  return follower.poll().rows.map(({ sequence }) => sequence);
}

/** Of the slot that holds this sequence. */
function offsetOf({ header }: RingFollower, sequence: number): number {
  return header.headerBytes + 4096 + ((sequence - 1) % CAPACITY) * RECORD_BYTES;
}

/** Changes bytes of the file in place. */
function overwrite(path: string, bytes: Uint8Array, position: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, position);
  closeSync(fd);
}

describe('a follower of a ring file', () => {
  test('begins with the newest record and goes on with each new one, once', (context) => {
    const { recorder, follower } = begun(context, 3);
    assert.deepEqual([sequences(follower), sequences(follower)], [[3], []]);
    write(recorder, 4);
    assert.deepEqual([sequences(follower), sequences(follower)], [[4, 5, 6, 7], []]);
    write(recorder, 1);
    assert.deepEqual(sequences(follower), [8]);
  });

  test('waits for the first record', (context) => {
    const { recorder, follower } = begun(context, 0);
    assert.deepEqual(sequences(follower), []);
    write(recorder, 2);
    assert.deepEqual([sequences(follower), sequences(follower)], [[2], []]);
  });

  test('goes on with the newest record when it was overtaken', (context) => {
    const { recorder, follower } = begun(context, 1);
    assert.deepEqual(sequences(follower), [1]);
    write(recorder, 2 * CAPACITY);
    assert.deepEqual(sequences(follower), [11]);
    write(recorder, 1);
    assert.deepEqual(sequences(follower), [12]);
  });

  test('tells the note when it changed, and the newer of two', (context) => {
    const { recorder, follower } = begun(context, 1);
    assert.equal(follower.poll().note, undefined);
    recorder.note(EMPTY_NOTE);
    assert.deepEqual([follower.poll().note, follower.poll().note], [EMPTY_NOTE, undefined]);
    for (const mode of ['off', 'observe', 'protect']) recorder.note({ ...EMPTY_NOTE, mode });
    assert.deepEqual([follower.poll().note?.mode, follower.poll().note], ['protect', undefined]);
  });

  test('tells the end from when it is there on', (context) => {
    const { recorder, follower } = begun(context, 2);
    assert.equal(follower.poll().end, undefined);
    recorder.end(3, START_WALL_MS + 5000);
    const end = { exitCode: 3, wallMs: START_WALL_MS + 5000, lastSequence: 2 };
    assert.deepEqual([follower.poll().end, follower.poll().end], [end, end]);
  });

  test('says that the file is gone when it was deleted, and still has what was written', (context) => {
    const { recorder, follower } = begun(context, 1);
    assert.equal(follower.poll().isGone, false);
    write(recorder, 1);
    rmSync(recorder.path);
    const { rows, isGone } = follower.poll();
    assert.deepEqual([rows.length, isGone], [1, process.platform !== 'win32']);
  });

  test('says that the file is gone when another took its place', { skip: unlessLinux('rename over') }, (context) => {
    const { recorder, follower } = begun(context, 1);
    const directory = temporaryDirectory(context);
    const other = record(directory, { createId: () => basename(recorder.path, '.ring') });
    renameSync(other.path, recorder.path);
    assert.equal(follower.poll().isGone, true);
    other.close();
  });

  test('is gone once it is closed', (context) => {
    const { follower } = begun(context, 1);
    follower.close();
    follower.close();
    assert.deepEqual(follower.poll(), { rows: [], note: undefined, end: undefined, isGone: true });
  });

  test(
    'is gone, and does not throw, when its file cannot be read',
    { skip: unlessLinux('/proc/self/fd') },
    (context) => {
      const { recorder, follower } = begun(context, 1);
      const open = openDescriptors(recorder);
      assert.equal(open.length, 2);
      for (const fd of open) closeSync(fd);
      assert.equal(follower.poll().isGone, true);
      for (const _ of open) openSync(recorder.path, 'r'); // for the two to close
    },
  );

  test('reads a torn slot again at the next look', (context) => {
    const { recorder, follower } = begun(context, 1);
    sequences(follower);
    write(recorder, 1);
    const whole = readFileSync(recorder.path).subarray(offsetOf(follower, 2), offsetOf(follower, 3));
    overwrite(recorder.path, Buffer.alloc(8, 0xff), offsetOf(follower, 2) + RECORD_BYTES - 8);
    assert.deepEqual(sequences(follower), []);
    overwrite(recorder.path, whole, offsetOf(follower, 2));
    assert.deepEqual(sequences(follower), [2]);
  });

  test('steps over a slot that stays damaged', (context) => {
    const { recorder, follower } = begun(context, 1);
    sequences(follower);
    write(recorder, 2);
    overwrite(recorder.path, Buffer.alloc(8, 0xff), offsetOf(follower, 2) + RECORD_BYTES - 8);
    assert.deepEqual(sequences(follower), [3]);
  });

  test('waits when what it was overtaken by cannot be read', (context) => {
    const { recorder, follower } = begun(context, 1);
    sequences(follower);
    write(recorder, CAPACITY + 1); // in the slot of 2 is 7
    for (let sequence = 3; sequence <= 7; sequence++) {
      overwrite(recorder.path, Buffer.alloc(8, 0xff), offsetOf(follower, sequence) + RECORD_BYTES - 8);
    }
    assert.deepEqual(sequences(follower), []);
    write(recorder, 1);
    assert.deepEqual(sequences(follower), [8]);
  });

  test('reads at most one lap at a time', (context) => {
    const { recorder, follower } = begun(context, 1);
    sequences(follower);
    write(recorder, CAPACITY);
    assert.deepEqual(sequences(follower), [2, 3, 4, 5, 6]);
  });

  test('refuses a file that is just being made, as the reader does', (context) => {
    const path = join(temporaryDirectory(context), '20261121T231745123Z-9f86d081884c7d65.ring');
    writeFileSync(path, '');
    assert.match(unreadableReason(followRing(path)), /too short for a header/);
  });
});

describe('the latest record', () => {
  test('is found at every fill of the ring', (context) => {
    for (const capacity of [1, 2, 3, 8]) {
      const recorder = record(temporaryDirectory(context), { columns: COLUMNS, capacity });
      for (let count = 0; count <= 3 * capacity; count++) {
        assert.equal(readable(readLatest(recorder.path)).record?.sequence ?? 0, count, `${count} of ${capacity}`);
        write(recorder, 1);
      }
      recorder.close();
    }
  });

  test('of a file that was cut off is the newest that is left, and its note is gone', (context) => {
    const { recorder, follower } = begun(context, 3);
    recorder.note(EMPTY_NOTE);
    truncateSync(recorder.path, offsetOf(follower, 3) + 7);
    const { record: latest, note } = readable(readLatest(recorder.path));
    assert.deepEqual([latest?.sequence, note], [2, undefined]);
    truncateSync(recorder.path, offsetOf(follower, 1));
    assert.equal(readable(readLatest(recorder.path)).record, undefined);
  });
});
