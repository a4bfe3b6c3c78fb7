/**
 * Slots of a ring file, read into memory that is used again. A slot is believed only when its checksum is right, it carries its file's
 * nonce, and its sequence belongs into that slot.
 */
import { COLUMNS, createRow, type Row } from '../model/row.ts';
import type { Crc32 } from './crc32.ts';
import type { RingHeader } from './header.ts';
import {
  claims,
  createBlock,
  FIRST_COLUMN_DOUBLE,
  isIntact,
  KIND,
  recordsOffsetOf,
  SEQUENCE_DOUBLE,
} from './layout.ts';
import { readFully } from './read-fully.ts';

export interface RingRecord {
  /** Counts from 1. */
  readonly sequence: number;
  /** In today's column order; NaN where the file lacks the column. */
  readonly row: Row;
}

export type SlotState = 'intact' | 'empty' | 'damaged';

/** Some slots that follow each other; they are named by their number in the file. */
export interface Slots {
  load(first: number): void;
  /** What the slot says its sequence is, 0 when it cannot be one of this file's records: cheap, and no proof. */
  claimedSequence(slot: number): number;
  /** The proof. A torn slot of a file that is being written is read again. */
  state(slot: number): SlotState;
  /** Of an intact slot; into a row that is used again, or a new one. */
  record(slot: number, into?: Row): RingRecord;
}

/** A write takes 2 µs, so a slot that is torn this often is damaged. */
const READS_OF_A_TORN_SLOT = 4;

export function createSlots(fd: number, header: RingHeader, crc32: Crc32, count: number): Slots {
  const { capacity, columns, nonce, recordBytes } = header;
  const { bytes, words, doubles } = createBlock(count * recordBytes);
  const slotDoubles = recordBytes / 8;
  const slotWords = recordBytes / 4;
  const fileColumns = new Map(columns.map((name, column) => [name, column]));
  const known = COLUMNS.flatMap((name, index) => {
    const column = fileColumns.get(name);
    return column === undefined ? [] : [{ index, column }];
  });
  let from = 0;

  function read(at: number, to: number): void {
    readFully(fd, bytes.subarray(at, to), recordsOffsetOf(header.headerBytes) + from * recordBytes + at);
  }

  function claimedSequence(slot: number): number {
    const index = slot - from;
    if (!claims(words, index * slotWords, KIND.record, nonce)) return 0;
    const sequence = doubles[index * slotDoubles + SEQUENCE_DOUBLE] as number;
    const fits = Number.isSafeInteger(sequence) && sequence > 0 && (sequence - 1) % capacity === slot;
    return fits ? sequence : 0;
  }

  function state(slot: number): SlotState {
    const index = slot - from;
    const [start, to] = [index * slotWords, (index + 1) * slotWords];
    for (let reads = 1; ; reads++) {
      if (claimedSequence(slot) !== 0 && isIntact(crc32, words, start, to)) return 'intact';
      if (words.subarray(start, to).every((word) => word === 0)) return 'empty';
      if (reads === READS_OF_A_TORN_SLOT) return 'damaged';
      read(index * recordBytes, (index + 1) * recordBytes);
    }
  }

  function record(slot: number, row = createRow()): RingRecord {
    const first = (slot - from) * slotDoubles + FIRST_COLUMN_DOUBLE;
    for (const { index, column } of known) row[index] = doubles[first + column] as number;
    return { sequence: claimedSequence(slot), row };
  }

  return {
    load(first) {
      from = first;
      read(0, bytes.length);
    },
    claimedSequence,
    state,
    record,
  };
}
