/**
 * Where things are in a ring file: header block, end block, `capacity` slots of one record each, then two slots of the note.
 * Every number is in the byte order of the writing machine: little-endian wherever a container runs. docs/ring-file.md
 * is the same page for people who write another reader.
 */
import type { Crc32 } from './crc32.ts';

/** Changes when an old reader could misread a new file; added columns and header keys do not change it. */
export const FORMAT_VERSION = 1;
/** Blocks are whole pages, so that the end mark never shares one with the header or a record. */
export const PAGE_BYTES = 4096;
/** 185 columns and the facts of every source need 8 kB; more than this is not one of our headers. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** 1024 records of 185 columns are 1.5 MB; a reader never holds more than this, whatever a header says. */
export const MAX_RECORDS_BYTES = 64 * 1024 * 1024;

/** Words of the header block. "PLIMSOLL" in ASCII, read as two little-endian words. */
export const MAGIC_WORDS = [0x4d494c50, 0x4c4c4f53] as const;
export const HEADER = { version: 2, headerBytes: 3, recordBytes: 4, capacity: 5, nonce: 6, jsonBytes: 8 } as const;
export const JSON_OFFSET_BYTES = 64;

/**
 * A record and the end mark are sealed alike. Words: 0 CRC-32 of all that follows, 1 kind, 2–3 the file's nonce;
 * then doubles: the sequence, and what the kind holds.
 */
const SEALED = { crc: 0, kind: 1, nonce: 2 } as const;
export const KIND = { record: 1, end: 2, note: 3 } as const;
export const SEQUENCE_DOUBLE = 2;
export const FIRST_COLUMN_DOUBLE = 3;
/** The end mark's doubles after the sequence of the last record. */
export const END_DOUBLE = { exitCode: 3, wallMs: 4 } as const;
export const END_MARK_BYTES = 40;
/** A note's after the sequence: its JSON is so long. Then the JSON, and zeros up to a whole double. */
export const NOTE_LENGTH_DOUBLE = 3;
export const NOTE_JSON_OFFSET_BYTES = 32;
/** The slots of the note are written in turn, so that one is whole whenever the process dies. */
export const NOTE_SLOTS = 2;
/** Eight caches, their accounts and 24 events of a sentence each are 13 kB. */
export const NOTE_SLOT_BYTES = 16 * 1024;
/** Whatever a header says. */
export const MAX_NOTE_SLOT_BYTES = 256 * 1024;

/** The 64 random bits that tie every record to its file, as two words. */
export type Nonce = readonly [number, number];

export function recordBytesOf(columnCount: number): number {
  return 8 * (FIRST_COLUMN_DOUBLE + columnCount);
}

export function recordsOffsetOf(headerBytes: number): number {
  return headerBytes + PAGE_BYTES;
}

/** Behind the records, where older readers do not look. */
export function noteOffsetOf(place: NotePlace, slot: number): number {
  return recordsOffsetOf(place.headerBytes) + place.capacity * place.recordBytes + slot * place.noteSlotBytes;
}

export interface NotePlace {
  readonly headerBytes: number;
  readonly recordBytes: number;
  readonly capacity: number;
  readonly noteSlotBytes: number;
}

/** One piece of memory seen as what it holds. */
export interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly doubles: Float64Array<ArrayBuffer>;
}

/** `byteLength` is a multiple of 8. */
export function createBlock(byteLength: number): Block {
  const buffer = new ArrayBuffer(byteLength);
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), doubles: new Float64Array(buffer) };
}

/** A block that needs only its changing doubles and `seal` before it is written. */
export function createSealedBlock(byteLength: number, kind: number, nonce: Nonce): Block {
  const block = createBlock(byteLength);
  block.words[SEALED.kind] = kind;
  block.words.set(nonce, SEALED.nonce);
  return block;
}

/** Up to `to`, in words. */
export function seal(crc32: Crc32, { words }: Block, to = words.length): void {
  words[SEALED.crc] = crc32(words, SEALED.crc + 1, to);
}

/** Whether the prefix at this word says it is of this kind and of this file: cheap, and no proof. */
export function claims(words: Uint32Array, at: number, kind: number, nonce: Nonce): boolean {
  return (
    words[at + SEALED.kind] === kind &&
    words[at + SEALED.nonce] === nonce[0] &&
    words[at + SEALED.nonce + 1] === nonce[1]
  );
}

export function isIntact(crc32: Crc32, words: Uint32Array, at: number, to: number): boolean {
  return words[at + SEALED.crc] === crc32(words, at + SEALED.crc + 1, to);
}
