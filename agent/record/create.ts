/** Makes a ring file: its header, its end block and room for its note are written before anything else. */
import { closeSync, ftruncateSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS } from '../model/row.ts';
import type { Crc32 } from './crc32.ts';
import type { Description, RingIdentity } from './description.ts';
import { createShared, ensureFolder } from './folder.ts';
import { encodeHeader } from './header.ts';
import { createInstanceId, RING_EXTENSION } from './instance-id.ts';
import { NOTE_SLOT_BYTES, NOTE_SLOTS, noteOffsetOf, recordBytesOf, recordsOffsetOf, type NotePlace } from './layout.ts';

export interface RecorderOptions {
  readonly directory: string;
  /** Whether the folder is made when it is missing. @default true */
  readonly makesFolder?: boolean;
  readonly identity: Omit<RingIdentity, 'serviceInstanceId'>;
  readonly facts: Description['facts'];
  readonly policy: Description['policy'];
  /** @default COLUMNS */
  readonly columns?: readonly string[];
  /** Records the file has room for. @default MOST_RECORDS */
  readonly capacity?: number;
  /** Room for the note, twice. @default NOTE_SLOT_BYTES */
  readonly noteSlotBytes?: number;
  /** @default createInstanceId */
  readonly createId?: (wallMs: number) => string;
}

export interface RingFile extends NotePlace {
  readonly fd: number;
  readonly path: string;
  readonly instanceId: string;
}

/** 1.6 MB: 17 minutes at one sample a second, 51 s at the fastest pace. */
export const MOST_RECORDS = 1024;
const ID_ATTEMPTS = 3;

/** Throws, and leaves no file behind, when that cannot be done. */
export function createRingFile(options: RecorderOptions, crc32: Crc32): RingFile {
  const { directory, identity, facts, policy } = options;
  const { columns = COLUMNS, capacity = MOST_RECORDS, noteSlotBytes = NOTE_SLOT_BYTES } = options;
  if (options.makesFolder ?? true) ensureFolder(directory);
  const { fd, path, instanceId } = openExclusively(options);
  try {
    const whole = { columns, identity: { ...identity, serviceInstanceId: instanceId }, facts, policy };
    const { bytes } = encodeHeader(crc32, { ...whole, noteSlotBytes }, capacity);
    const headerBytes = bytes.length - recordsOffsetOf(0);
    const place = { headerBytes, recordBytes: recordBytesOf(columns.length), capacity, noteSlotBytes };
    ftruncateSync(fd, noteOffsetOf(place, NOTE_SLOTS));
    writeWhole(fd, bytes, 0);
    // like the end mark, a note must not need new space on a disk that filled up meanwhile
    writeWhole(fd, new Uint8Array(NOTE_SLOTS * noteSlotBytes), noteOffsetOf(place, 0));
    return { fd, path, instanceId, ...place };
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

function openExclusively(
  options: RecorderOptions,
  attemptsLeft = ID_ATTEMPTS,
): Pick<RingFile, 'fd' | 'path' | 'instanceId'> {
  const { directory, identity, createId = createInstanceId } = options;
  const instanceId = createId(identity.startWallMs);
  const path = join(directory, instanceId + RING_EXTENSION);
  try {
    return { fd: createShared(directory, path), path, instanceId };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attemptsLeft === 1) throw error;
  }
  return openExclusively(options, attemptsLeft - 1);
}

/** A full disk may take a part of it without an error. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  const written = writeSync(fd, bytes, 0, bytes.length, position);
  if (written === bytes.length) return;
  throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes could be written`), { code: 'ENOSPC' });
}
