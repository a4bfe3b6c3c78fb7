/** Opens a ring file for reading, live or left behind, whole or damaged. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { RingNote } from '../model/note.ts';
import { problem, type Problem } from '../model/problem.ts';
import { createCrc32, type Crc32 } from './crc32.ts';
import { decodeHeader, type RingHeader } from './header.ts';
import {
  claims,
  createBlock,
  END_DOUBLE,
  END_MARK_BYTES,
  isIntact,
  KIND,
  MAX_HEADER_BYTES,
  PAGE_BYTES,
  recordsOffsetOf,
  SEQUENCE_DOUBLE,
} from './layout.ts';
import { createNoteSlots } from './note-slots.ts';
import { readFully } from './read-fully.ts';
import { createSlots, type Slots } from './slots.ts';

/** How the process ended, by its own word. */
export interface RingEnd {
  readonly exitCode: number;
  /** ms since the epoch. */
  readonly wallMs: number;
  /** Sequence of its last record; 0: it wrote none. */
  readonly lastSequence: number;
}

/** Anything that reads may throw what the file system throws. */
export interface OpenRing {
  readonly header: RingHeader;
  /** Whole slots the file had when it was opened: fewer than `capacity` after a truncation. */
  readonly slotCount: number;
  /** Room for so many, nothing read yet. */
  slots(count: number): Slots;
  end(): RingEnd | undefined;
  /** The newest note, when it is newer than the one before. */
  note(): RingNote | undefined;
  /** Its folder knows it no longer. */
  isDeleted(): boolean;
  close(): void;
}

export type Read<T> = { readonly ok: true; readonly reading: T } | { readonly ok: false; readonly problem: Problem };

/** PLM_RING_UNREADABLE says why there is nothing to read. */
export function openRing(path: string): Read<OpenRing> {
  let fd: number | undefined;
  try {
    // a pipe of that name must not block us
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const opened = ringOf(fd);
    if (!('reason' in opened)) return { ok: true, reading: opened };
    closeSync(fd);
    return unreadable(path, opened.reason, WHAT_IT_IS);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return failed(path, error);
  }
}

/** Hands the open file to `read` and closes it. */
export function withRing<T>(path: string, read: (ring: OpenRing) => T): Read<T> {
  const opened = openRing(path);
  if (!opened.ok) return opened;
  const ring = opened.reading;
  const result = attempt(path, () => read(ring));
  ring.close();
  return result;
}

function attempt<T>(path: string, read: () => T): Read<T> {
  try {
    return { ok: true, reading: read() };
  } catch (error) {
    return failed(path, error);
  }
}

const WHAT_IT_IS = 'a recording is a .ring file that Plimsoll wrote to PLIMSOLL_DIR';
/** Whoever reads is another user than whoever wrote. */
export const HOW_TO_SHARE =
  'run both as one user, or give PLIMSOLL_DIR to a group that both are in, with mode 2770 (in Kubernetes: fsGroup)';

function failed(path: string, error: unknown): { readonly ok: false; readonly problem: Problem } {
  const { code, message } = error as NodeJS.ErrnoException;
  return unreadable(path, `cannot be read (${message})`, code === 'EACCES' ? HOW_TO_SHARE : WHAT_IT_IS);
}

function unreadable(path: string, reason: string, repair: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: problem('PLM_RING_UNREADABLE', `${path} ${reason}; ${repair}.`) };
}

function ringOf(fd: number): OpenRing | { readonly reason: string } {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return { reason: 'is not a file' };
  const crc32 = createCrc32();
  const start = createBlock(Math.min(MAX_HEADER_BYTES, PAGE_BYTES * Math.ceil((stat.size + 1) / PAGE_BYTES)));
  const header = decodeHeader(crc32, start, readFully(fd, start.bytes, 0));
  if ('reason' in header) return header;

  const { headerBytes, recordBytes, capacity } = header;
  return {
    header,
    slotCount: Math.min(capacity, Math.max(0, Math.floor((stat.size - recordsOffsetOf(headerBytes)) / recordBytes))),
    slots: (count) => createSlots(fd, header, crc32, count),
    end: () => readEnd(fd, crc32, header),
    note: createNoteSlots(fd, header, crc32).poll,
    isDeleted: () => fstatSync(fd).nlink === 0,
    close: () => closeSync(fd),
  };
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
