/**
 * Opens a ring file for reading, live or left behind, whole or damaged. A slot is believed only when its checksum is
 * right, it carries its file's nonce, and its sequence belongs into that slot.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { problem, type Problem } from '../model/problem.ts';
import { COLUMNS, createRow, type Row } from '../model/row.ts';
import { createCrc32, type Crc32 } from './crc32.ts';
import { decodeHeader, type RingHeader } from './header.ts';
import {
  claims,
  createBlock,
  END_DOUBLE,
  END_MARK_BYTES,
  FIRST_COLUMN_DOUBLE,
  isIntact,
  KIND,
  MAX_HEADER_BYTES,
  PAGE_BYTES,
  recordsOffsetOf,
  SEQUENCE_DOUBLE,
  type Block,
} from './layout.ts';

/** How the process ended, by its own word. */
export interface RingEnd {
  readonly exitCode: number;
  /** ms since the epoch. */
  readonly wallMs: number;
  /** Sequence of its last record; 0: it wrote none. */
  readonly lastSequence: number;
}

export interface RingRecord {
  /** Counts from 1. */
  readonly sequence: number;
  /** In today's column order; NaN where the file lacks the column. */
  readonly row: Row;
}

export type SlotState = 'intact' | 'empty' | 'damaged';

/** The file as it was when it was read, in memory. */
export interface OpenRing {
  readonly header: RingHeader;
  readonly end: RingEnd | undefined;
  /** Whole slots the file has: fewer than `capacity` after a truncation. */
  readonly slots: number;
  /** What the slot says its sequence is, 0 when it cannot be one of this file's records: cheap, and no proof. */
  claimedSequence(slot: number): number;
  /** The proof. A torn slot of a file that is being written is read again. */
  state(slot: number): SlotState;
  /** Of an intact slot. */
  record(slot: number): RingRecord;
}

export type Read<T> = { readonly ok: true; readonly reading: T } | { readonly ok: false; readonly problem: Problem };

/** A write takes 2 µs, so a slot that is torn this often is damaged. */
const READS_OF_A_TORN_SLOT = 4;

/** Hands the open file to `read` and closes it. PLM_RING_UNREADABLE says why there is nothing to read. */
export function withRing<T>(path: string, read: (ring: OpenRing) => T): Read<T> {
  let fd: number;
  try {
    // a pipe of that name must not block us
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(path, `cannot be read (${(error as Error).message})`);
  }
  const result = readOpened(path, fd, read);
  closeSync(fd);
  return result;
}

function readOpened<T>(path: string, fd: number, read: (ring: OpenRing) => T): Read<T> {
  try {
    const opened = openRing(fd);
    return 'reason' in opened ? unreadable(path, opened.reason) : { ok: true, reading: read(opened) };
  } catch (error) {
    return unreadable(path, `cannot be read (${(error as Error).message})`);
  }
}

function unreadable(path: string, reason: string): { readonly ok: false; readonly problem: Problem } {
  const message = `${path} ${reason}; a recording is a .ring file that Plimsoll wrote to PLIMSOLL_DIR.`;
  return { ok: false, problem: problem('PLM_RING_UNREADABLE', message) };
}

function openRing(fd: number): OpenRing | { readonly reason: string } {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return { reason: 'is not a file' };
  const crc32 = createCrc32();
  const start = createBlock(Math.min(MAX_HEADER_BYTES, PAGE_BYTES * Math.ceil((stat.size + 1) / PAGE_BYTES)));
  const header = decodeHeader(crc32, start, readFully(fd, start.bytes, 0));
  if ('reason' in header) return header;

  const { headerBytes, recordBytes, capacity } = header;
  const offset = recordsOffsetOf(headerBytes);
  const slots = Math.min(capacity, Math.max(0, Math.floor((stat.size - offset) / recordBytes)));
  const block = createBlock(slots * recordBytes);
  readFully(fd, block.bytes, offset);
  const end = readEnd(fd, crc32, header);
  const reread = (slot: number): void => {
    const at = slot * recordBytes;
    readFully(fd, block.bytes.subarray(at, at + recordBytes), offset + at);
  };
  return { header, end, slots, ...slotsOf(header, block, crc32, reread) };
}

function slotsOf(
  header: RingHeader,
  { words, doubles }: Block,
  crc32: Crc32,
  reread: (slot: number) => void,
): Pick<OpenRing, 'claimedSequence' | 'state' | 'record'> {
  const { capacity, columns, nonce } = header;
  const slotDoubles = header.recordBytes / 8;
  const slotWords = header.recordBytes / 4;
  const fileColumns = new Map(columns.map((name, column) => [name, column]));
  const known = COLUMNS.flatMap((name, index) => {
    const column = fileColumns.get(name);
    return column === undefined ? [] : [{ index, column }];
  });

  function claimedSequence(slot: number): number {
    if (!claims(words, slot * slotWords, KIND.record, nonce)) return 0;
    const sequence = doubles[slot * slotDoubles + SEQUENCE_DOUBLE] as number;
    const fits = Number.isSafeInteger(sequence) && sequence > 0 && (sequence - 1) % capacity === slot;
    return fits ? sequence : 0;
  }

  function state(slot: number): SlotState {
    const from = slot * slotWords;
    const to = from + slotWords;
    for (let reads = 1; ; reads++) {
      if (claimedSequence(slot) !== 0 && isIntact(crc32, words, from, to)) return 'intact';
      if (words.subarray(from, to).every((word) => word === 0)) return 'empty';
      if (reads === READS_OF_A_TORN_SLOT) return 'damaged';
      reread(slot);
    }
  }

  function record(slot: number): RingRecord {
    const first = slot * slotDoubles + FIRST_COLUMN_DOUBLE;
    const row = createRow();
    for (const { index, column } of known) row[index] = doubles[first + column] as number;
    return { sequence: claimedSequence(slot), row };
  }

  return { claimedSequence, state, record };
}

function readEnd(fd: number, crc32: Crc32, { headerBytes, nonce }: RingHeader): RingEnd | undefined {
  const mark = createBlock(END_MARK_BYTES);
  readFully(fd, mark.bytes, recordsOffsetOf(headerBytes) - PAGE_BYTES);
  const { words, doubles } = mark;
  if (!claims(words, 0, KIND.end, nonce) || !isIntact(crc32, words, 0, words.length)) return undefined;
  return {
    exitCode: doubles[END_DOUBLE.exitCode] as number,
    wallMs: doubles[END_DOUBLE.wallMs] as number,
    lastSequence: doubles[SEQUENCE_DOUBLE] as number,
  };
}

/** Bytes read: fewer than asked for at the end of the file. */
function readFully(fd: number, bytes: Uint8Array, position: number): number {
  let total = 0;
  for (;;) {
    const count = readSync(fd, bytes, total, bytes.length - total, position + total);
    if (count === 0) return total;
    total += count;
  }
}
