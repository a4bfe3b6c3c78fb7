/** The note as bytes: what goes when there is no room, and what is believed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import type { NotedEvent, RingNote } from '../../../agent/model/note.ts';
import { createCrc32 } from '../../../agent/record/crc32.ts';
import { createSealedBlock, KIND, NOTE_SLOT_BYTES, noteOffsetOf, seal } from '../../../agent/record/layout.ts';
import { decodeNote, encodeNote } from '../../../agent/record/note.ts';
import { readLatest, readRing } from '../../../agent/record/reader.ts';
import { cacheStatus, ordinarySnapshot } from '../../helpers/snapshot.ts';
import { EMPTY_NOTE, readable, record, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

/** Blocks of a file are there as soon as they are written. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const EVENT: NotedEvent = {
  name: 'plimsoll.action.finished',
  wallMs: START_WALL_MS,
  severity: 'INFO',
  text: 'x'.repeat(200),
  attributes: { 'plimsoll.action': 'shrink-caches' },
};
const { actions, cacheAccounts, reclaimed, shed, adaptives, degraded } = ordinarySnapshot();
const FULL: RingNote = {
  ...EMPTY_NOTE,
  names: ['sessions', 'thumbnails'],
  degraded,
  actions,
  caches: Array.from({ length: 8 }, (_, index) => ({ ...cacheStatus(`cache-${index}`), bytes: 8 - index })),
  cacheAccounts,
  reclaimed,
  shed,
  adaptives,
  events: Array.from({ length: 24 }, (_, index) => ({ ...EVENT, wallMs: START_WALL_MS + index })),
};

function decoded(bytes: Buffer): Partial<RingNote> {
  return JSON.parse(bytes.toString()) as Partial<RingNote>;
}

describe('a note', () => {
  test('with everything in it has room', (context) => {
    assert.ok(encodeNote(FULL, Infinity).length < NOTE_SLOT_BYTES - 1024);
    const recorder = record(temporaryDirectory(context));
    recorder.note(FULL);
    assert.deepEqual(readable(readRing(recorder.path)).note, FULL);
    assert.deepEqual(readable(readLatest(recorder.path)).note, FULL);
    recorder.close();
  });

  test('without room loses events, the oldest first, then the smallest caches, then sums, names last', () => {
    let before = encodeNote(FULL, Infinity);
    let left = decoded(before);
    const order: string[] = [];
    while (Object.hasOwn(left, 'names')) {
      const bytes = encodeNote(FULL, before.length - 1);
      assert.ok(bytes.length < before.length);
      const shorter = decoded(bytes);
      for (const key of Object.keys(FULL) as (keyof RingNote)[]) {
        if (JSON.stringify(shorter[key]) !== JSON.stringify(left[key])) order.push(key);
      }
      [before, left] = [bytes, shorter];
      assert.equal(left.events?.at(-1)?.wallMs ?? START_WALL_MS + 23, START_WALL_MS + 23);
      assert.equal(left.caches?.[0]?.name ?? 'cache-0', 'cache-0');
    }
    const gone = [...new Set(order)];
    assert.deepEqual(gone.slice(0, 3), ['events', 'caches', 'cacheAccounts']);
    assert.deepEqual(gone.slice(3, 6).toSorted(), ['adaptives', 'reclaimed', 'shed']);
    assert.deepEqual(gone.slice(6, 8).toSorted(), ['actions', 'degraded']);
    const { wallMs, mode, exporter } = EMPTY_NOTE;
    assert.deepEqual(left, { wallMs, mode, exporter });
  });
});

describe('a note of a file', () => {
  /** Two notes, the first in slot 1, the second in slot 0. */
  function noted(context: TestContext, change: (bytes: Buffer, first: number, second: number) => void) {
    const recorder = record(temporaryDirectory(context), { columns: ['level'], capacity: 3 });
    recorder.note({ ...EMPTY_NOTE, mode: 'first' });
    recorder.note({ ...EMPTY_NOTE, mode: 'second' });
    recorder.close();
    const { header } = readable(readRing(recorder.path));
    const bytes = readFileSync(recorder.path);
    change(bytes, noteOffsetOf(header, 1), noteOffsetOf(header, 0));
    writeFileSync(recorder.path, bytes);
    return readable(readLatest(recorder.path)).note?.mode;
  }

  test('is the newer one', (context) => {
    assert.equal(
      noted(context, () => undefined),
      'second',
    );
  });

  test('is the older one where the newer is torn', (context) => {
    assert.equal(
      noted(context, (bytes, _, second) => bytes.fill(0xff, second + 40, second + 41)),
      'first',
    );
  });

  test('is none where both are damaged', (context) => {
    const damage = (bytes: Buffer, first: number, second: number): void => {
      bytes.fill(0xff, first + 40, first + 41);
      bytes.fill(0xff, second, second + 24);
    };
    assert.equal(noted(context, damage), undefined);
  });

  test('is none of another file', (context) => {
    const other = record(temporaryDirectory(context), { columns: ['level'], capacity: 3 });
    other.note({ ...EMPTY_NOTE, mode: 'other' });
    other.close();
    const foreign = readFileSync(other.path);
    const copy = (bytes: Buffer, first: number): void => {
      foreign.copy(bytes, first, first);
    };
    assert.equal(
      noted(context, (bytes, first, second) => (copy(bytes, first), bytes.fill(0, second))),
      undefined,
    );
  });

  test('is none of a process that has not noted anything', (context) => {
    const recorder = record(temporaryDirectory(context));
    assert.equal(readable(readLatest(recorder.path)).note, undefined);
    recorder.close();
  });

  test(
    'needs no new space on the disk',
    { skip: process.platform === 'win32' ? 'blocks of a file' : false },
    (context) => {
      const recorder = record(temporaryDirectory(context, MEMORY));
      const { blocks } = statSync(recorder.path);
      for (let count = 0; count < 2; count++) recorder.note(FULL);
      assert.equal(statSync(recorder.path).blocks, blocks);
      recorder.close();
    },
  );
});

describe('forged bytes of a note', () => {
  const nonce = [7, 9] as const;
  const crc32 = createCrc32();

  /** Sealed rightly, whatever it says of itself. */
  function forged(sequence: number, length: number, json: string): RingNote | undefined {
    const block = createSealedBlock(256, KIND.note, nonce);
    block.doubles[2] = sequence;
    block.doubles[3] = length;
    block.bytes.set(Buffer.from(json), 32);
    seal(crc32, block, Math.ceil((32 + Math.max(0, Math.min(224, length || 0))) / 8) * 2);
    return decodeNote(crc32, block, nonce);
  }

  test('are a note when they are right', () => {
    assert.deepEqual(forged(1, 2, '{}')?.names, []);
  });

  for (const [what, sequence, length, json] of [
    ['no sequence', 0, 2, '{}'],
    ['half a sequence', 1.5, 2, '{}'],
    ['a length longer than its slot', 1, 225, '{}'],
    ['a negative length', 1, -1, '{}'],
    ['no length', 1, Number.NaN, '{}'],
    ['no JSON', 1, 1, '{'],
    ['JSON that is no object', 1, 2, '[]'],
  ] as const) {
    test(`are none with ${what}`, () => assert.equal(forged(sequence, length, json), undefined));
  }
});
