/**
 * Whatever happens to a ring file, the reader neither throws nor gives a record that was not written. A failure is repeated
 * with PLIMSOLL_SEED; PLIMSOLL_FUZZ_CASES sets how many are tried.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { COL, COLUMNS, type ColumnName } from '../../../agent/model/row.ts';
import type { RingNote } from '../../../agent/model/note.ts';
import type { RingHeader } from '../../../agent/record/header.ts';
import type { Read, RingEnd } from '../../../agent/record/open-ring.ts';
import type { RingRecord } from '../../../agent/record/slots.ts';
import { readLatest, readRing, type LatestReading, type RingReading } from '../../../agent/record/reader.ts';
import { createRandom, DAMAGES, type Random, type Subject } from './damage.ts';
import { EMPTY_NOTE, readable, record, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

const CASES = Number(process.env['PLIMSOLL_FUZZ_CASES'] ?? 100_000);
const SEED = Number(process.env['PLIMSOLL_SEED'] ?? Date.now() % 2 ** 31);
/** A hundred thousand files are written: not to a disk, where it can be helped. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const FEW_COLUMNS: readonly ColumnName[] = ['wallMs', 'heapLiveBytes', 'level', 'timeToLimitSeconds'];

/** One recording and all that was ever written to it. */
interface Recording {
  readonly id: string;
  readonly columns: readonly ColumnName[];
  /** The file as it was at several moments. */
  readonly states: readonly Buffer[];
  /** Index: sequence − 1. */
  readonly written: readonly Float64Array[];
  /** By `wallMs`, as they are read. */
  readonly notes: readonly RingNote[];
  readonly end: RingEnd;
}

/** Compared by Object.is. */
const SPECIAL = [Number.NaN, 0, -0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 1e300];

function noteOf(wallMs: number): RingNote {
  return { ...EMPTY_NOTE, wallMs, names: Array.from({ length: wallMs }, (_, index) => `cache-${index}`) };
}

function makeRecording(directory: string, random: Random, columns: readonly ColumnName[], capacity: number): Recording {
  const recorder = record(directory, { columns, capacity, noteSlotBytes: 512 });
  const written: Float64Array[] = [];
  const notes: RingNote[] = [];
  const states: Buffer[] = [];
  for (let count = 1; count <= capacity * 2 + 3; count++) {
    const row = Float64Array.from(columns, () => SPECIAL[random.below(40)] ?? random.below(2 ** 32) / 7);
    written.push(row);
    recorder.write(row);
    const note = noteOf(count);
    notes[count] = note;
    recorder.note(note);
    if (count === 3 || count === capacity || count === capacity + 2) states.push(readFileSync(recorder.path));
  }
  recorder.end(random.below(256), START_WALL_MS);
  states.push(readFileSync(recorder.path));
  const { end } = readable(readRing(recorder.path));
  assert.ok(end !== undefined);
  return { id: recorder.instanceId, columns, states, written, notes, end };
}

function recordingOf({ identity }: RingHeader, recordings: readonly Recording[]): Recording {
  const recording = recordings.find(({ id }) => id === identity.serviceInstanceId);
  assert.ok(recording !== undefined, 'a header that nobody wrote');
  return recording;
}

function checkRecord({ sequence, row }: RingRecord, recording: Recording): void {
  const written: Float64Array | undefined = recording.written[sequence - 1];
  assert.ok(written !== undefined, `sequence ${sequence} was never written`);
  assert.equal(row.length, COLUMNS.length);
  for (const [index, column] of recording.columns.entries()) {
    if (!Object.is(row[COL[column]], written[index]))
      assert.fail(`${column} of ${sequence} is ${row[COL[column]]}, not ${written[index]}`);
  }
}

/** Slots of the recording that were found in the damaged file. */
function check(result: Read<RingReading>, recordings: readonly Recording[]): number {
  if (!result.ok) {
    assert.equal(result.problem.code, 'PLM_RING_UNREADABLE');
    assert.doesNotMatch(result.problem.message, /\n|undefined|NaN/);
    return 0;
  }
  const { header, end, note, records } = result.reading;
  const recording = recordingOf(header, recordings);
  if (note !== undefined) assert.deepEqual(note, recording.notes[note.wallMs], 'a note that nobody wrote');
  if (end !== undefined) assert.deepEqual(end, recording.end);
  let previous = 0;
  for (const each of records) {
    assert.ok(each.sequence > previous, 'oldest first, each once');
    previous = each.sequence;
    checkRecord(each, recording);
  }
  return records.length;
}

/** Found without reading all: of a damaged file it may be an older one, and never one that was not written. */
function checkLatest(latest: Read<LatestReading>, all: Read<RingReading>, recordings: readonly Recording[]): void {
  assert.equal(latest.ok, all.ok);
  if (!latest.ok || !all.ok) return;
  const { header, record: newest, note } = latest.reading;
  assert.equal(newest === undefined, all.reading.records.length === 0);
  assert.deepEqual(note, all.reading.note);
  if (newest !== undefined) checkRecord(newest, recordingOf(header, recordings));
}

function damaged(random: Random, recordings: readonly Recording[]): { bytes: Buffer; how: string } {
  const recording = recordings[random.below(recordings.length)];
  const state = recording?.states[random.below(recording.states.length)];
  assert.ok(recording !== undefined && state !== undefined);
  const others = recordings.flatMap(({ columns, states }) => (columns === recording.columns ? states : []));
  const recordBytes = 8 * (3 + recording.columns.length);
  const firstSlot = state.readUInt32LE(12) + 4096;
  const subject: Subject = { firstSlot, recordBytes, others };
  const names = Object.keys(DAMAGES);
  let bytes: Buffer = Buffer.from(state);
  const how: string[] = [];
  for (let count = 1 + random.below(2); count > 0; count--) {
    const name = names[random.below(names.length)] ?? '';
    how.push(name);
    bytes = DAMAGES[name]?.(bytes, random, subject) ?? bytes;
  }
  return { bytes, how: how.join(' then ') };
}

test(`no damage makes the reader throw or give a record that was not written (${CASES} cases, PLIMSOLL_SEED=${SEED})`, (context) => {
  const directory = temporaryDirectory(context, MEMORY);
  const random = createRandom(SEED);
  // mostly small files, which are quick; two of today's shape
  const small = Array.from({ length: 6 }, () => makeRecording(directory, random, FEW_COLUMNS, 8));
  const real = Array.from({ length: 2 }, () => makeRecording(directory, random, COLUMNS, 8));
  const path = join(directory, 'damaged.ring');
  let refused = 0;
  let accepted = 0;
  let believed = 0;
  for (let number = 0; number < CASES; number++) {
    const { bytes, how } = damaged(random, number % 20 === 0 ? real : small);
    writeFileSync(path, bytes);
    try {
      const all = readRing(path);
      const records = check(all, [...small, ...real]);
      believed += records;
      if (all.ok) accepted += 1;
      else refused += 1;
      if (number % 8 === 0) checkLatest(readLatest(path), all, [...small, ...real]);
    } catch (error) {
      throw new Error(`case ${number} of PLIMSOLL_SEED=${SEED}: ${how}`, { cause: error });
    }
  }
  context.diagnostic(`seed ${SEED}: ${refused} files refused, ${accepted} accepted with ${believed} records`);
  assert.ok(refused > CASES / 20 && accepted > CASES / 20 && believed > CASES, 'both ways were tried');
});

test('random bytes are refused', (context) => {
  const random = createRandom(SEED);
  const path = join(temporaryDirectory(context, MEMORY), 'random.ring');
  const [valid] = makeRecording(temporaryDirectory(context, MEMORY), random, FEW_COLUMNS, 8).states;
  for (let number = 0; number < 500; number++) {
    const bytes = Buffer.from({ length: random.below(20_000) }).map(() => random.below(256));
    // every second one begins like a ring file
    if (number % 2 === 0) valid?.copy(bytes, 0, 0, 12 + random.below(60));
    writeFileSync(path, bytes);
    assert.ok(!readRing(path).ok, `number ${number} of PLIMSOLL_SEED=${SEED}`);
  }
});
