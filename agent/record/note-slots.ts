/** The note of an open ring file: the newest of its slots that is whole. */
import type { RingNote } from '../model/note.ts';
import type { Crc32 } from './crc32.ts';
import type { RingHeader } from './header.ts';
import { createBlock, NOTE_JSON_OFFSET_BYTES, NOTE_SLOTS, noteOffsetOf, type Block } from './layout.ts';
import { claimedNoteSequence, decodeNote } from './note.ts';
import { readFully } from './read-fully.ts';

export interface NoteSlots {
  /** The newest note, when it is newer than the one that was answered before. */
  poll(): RingNote | undefined;
}

export function createNoteSlots(fd: number, header: RingHeader, crc32: Crc32): NoteSlots {
  const { noteSlotBytes, nonce } = header;
  const prefix = createBlock(NOTE_JSON_OFFSET_BYTES);
  let whole: Block | undefined;
  let answered = 0;

  function claimed(slot: number): number {
    prefix.bytes.fill(0); // at the end of a file that was cut off nothing is read
    readFully(fd, prefix.bytes, noteOffsetOf(header, slot));
    return claimedNoteSequence(prefix, nonce);
  }

  /** undefined: torn, and perhaps no longer when it is looked at again. */
  function read(slot: number): RingNote | undefined {
    whole ??= createBlock(noteSlotBytes);
    readFully(fd, whole.bytes, noteOffsetOf(header, slot));
    return decodeNote(crc32, whole, nonce);
  }

  return {
    poll() {
      if (noteSlotBytes === 0) return undefined;
      const newer = Array.from({ length: NOTE_SLOTS }, (_, slot) => ({ slot, sequence: claimed(slot) }))
        .filter(({ sequence }) => sequence > answered)
        .toSorted((a, b) => b.sequence - a.sequence);
      for (const { slot, sequence } of newer) {
        const note = read(slot);
        if (note === undefined) continue;
        answered = sequence;
        return note;
      }
      return undefined;
    },
  };
}
