/** The note of a ring file as bytes: sealed like a record, as long as its JSON. */
import type { RingNote } from '../model/note.ts';
import { readNote } from '../model/read-note.ts';
import type { Crc32 } from './crc32.ts';
import {
  claims,
  createSealedBlock,
  isIntact,
  KIND,
  NOTE_JSON_OFFSET_BYTES,
  NOTE_LENGTH_DOUBLE,
  seal,
  SEQUENCE_DOUBLE,
  type Block,
  type Nonce,
} from './layout.ts';

/** Makes the bytes of one note after the other, in memory that is used again. */
export interface NoteSealer {
  readonly memoryBytes: number;
  /** Valid until the next. */
  seal(note: RingNote, sequence: number, json?: string): Uint8Array;
}

export function createNoteSealer(crc32: Crc32, nonce: Nonce, slotBytes: number): NoteSealer {
  const block = createSealedBlock(slotBytes, KIND.note, nonce);
  return {
    memoryBytes: slotBytes,
    seal(note, sequence, whole) {
      const json = encodeNote(note, slotBytes - NOTE_JSON_OFFSET_BYTES, whole);
      const { bytes, doubles } = block;
      const usedBytes = usedBytesOf(json.length);
      doubles[SEQUENCE_DOUBLE] = sequence;
      doubles[NOTE_LENGTH_DOUBLE] = json.length;
      bytes.set(json, NOTE_JSON_OFFSET_BYTES);
      bytes.fill(0, NOTE_JSON_OFFSET_BYTES + json.length, usedBytes);
      seal(crc32, block, usedBytes / 4);
      return bytes.subarray(0, usedBytes);
    },
  };
}

function usedBytesOf(jsonBytes: number): number {
  return Math.ceil((NOTE_JSON_OFFSET_BYTES + jsonBytes) / 8) * 8;
}

/** JSON of at most `maxBytes`, if need be without what is least missed. `json`: the note's, where that is known already. */
export function encodeNote(note: RingNote, maxBytes: number, json = JSON.stringify(note)): Buffer {
  const whole = Buffer.from(json);
  if (whole.length <= maxBytes) return whole;
  for (const shorter of shortened(note)) {
    const bytes = Buffer.from(JSON.stringify(shorter));
    if (bytes.length <= maxBytes) return bytes;
  }
  const { wallMs, mode, exporter } = note;
  return Buffer.from(JSON.stringify({ wallMs, mode, exporter }));
}

/** Shorter and shorter: first without events, oldest first, then without caches, then without what is a sum. */
function* shortened(note: RingNote): Generator<RingNote> {
  const { events, caches } = note;
  for (const kept of halves(events.length)) yield { ...note, events: events.slice(events.length - kept) };
  const quiet = { ...note, events: [] };
  for (const kept of halves(caches.length)) yield { ...quiet, caches: caches.slice(0, kept) };
  const counted = { ...quiet, caches: [], cacheAccounts: undefined };
  yield counted;
  const acted = { ...counted, adaptives: [], shed: [], reclaimed: [] };
  yield acted;
  yield { ...acted, actions: [], degraded: [] };
}

/** Half of it, half of that, …, 0. */
function halves(count: number): readonly number[] {
  return count === 0 ? [] : [count >> 1, ...halves(count >> 1)];
}

/** What a slot says its sequence is, 0 when it cannot be a note of this file: cheap, and no proof. */
export function claimedNoteSequence({ words, doubles }: Block, nonce: Nonce): number {
  if (!claims(words, 0, KIND.note, nonce)) return 0;
  const sequence = doubles[SEQUENCE_DOUBLE] as number;
  return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : 0;
}

/** undefined: torn, damaged, or never written. */
export function decodeNote(crc32: Crc32, block: Block, nonce: Nonce): RingNote | undefined {
  const { words, bytes, doubles } = block;
  if (claimedNoteSequence(block, nonce) === 0) return undefined;
  const jsonBytes = doubles[NOTE_LENGTH_DOUBLE] as number;
  if (!Number.isSafeInteger(jsonBytes) || jsonBytes < 0 || usedBytesOf(jsonBytes) > bytes.length) return undefined;
  if (!isIntact(crc32, words, 0, usedBytesOf(jsonBytes) / 4)) return undefined;
  try {
    return readNote(JSON.parse(Buffer.from(bytes.buffer, NOTE_JSON_OFFSET_BYTES, jsonBytes).toString()));
  } catch {
    return undefined;
  }
}
