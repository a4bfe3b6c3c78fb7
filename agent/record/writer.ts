/**
 * Writes each sample into a ring file: the last step of the pipeline. The page cache keeps what was written when the
 * process is killed, so the file tells what the process held when it died.
 */
import { closeSync, fstatSync, unlinkSync } from 'node:fs';
import type { RingNote } from '../model/note.ts';
import { COLUMNS, type Row } from '../model/row.ts';
import { CRC_TABLE_BYTES, createCrc32, type Crc32 } from './crc32.ts';
import { createRingFile, writeWhole, type RecorderOptions, type RingFile } from './create.ts';
import { instanceNonce } from './instance-id.ts';
import {
  createSealedBlock,
  END_DOUBLE,
  END_MARK_BYTES,
  FIRST_COLUMN_DOUBLE,
  KIND,
  NOTE_SLOTS,
  noteOffsetOf,
  PAGE_BYTES,
  recordsOffsetOf,
  seal,
  SEQUENCE_DOUBLE,
} from './layout.ts';
import { createNoteSealer } from './note.ts';
import { troubleOf, type Trouble } from './trouble.ts';

/** Nothing here throws. After `end`, `close` or `discard` the file is closed and every call does nothing. */
export interface Recorder {
  /** `service.instance.id`: the file's name without its extension. */
  readonly instanceId: string;
  readonly path: string;
  /** Memory it holds, bytes. */
  readonly memoryBytes: number;
  /** Rows that could not be written. */
  dropped(): number;
  /** Why rows are being dropped; undefined while writing works. */
  failure(): Trouble | undefined;
  /** One record of as many doubles as there are columns; nothing is allocated. */
  write(row: Row): void;
  /** Replaces the older of the two notes. `json`: the note's, where that is known already. */
  note(note: RingNote, json?: string): void;
  /** Somebody deleted the file, or the folder that it was in: nobody will find it. */
  isDeleted(): boolean;
  /** A clean end: writes the end mark and closes. Without it a reader takes the process for killed. */
  end(exitCode: number, wallMs: number): void;
  /** Closes and deletes the file: the process was too short to be worth one. */
  discard(): void;
  close(): void;
}

export type RecorderResult =
  | { readonly ok: true; readonly recorder: Recorder }
  | { readonly ok: false; readonly trouble: Trouble };

/** After a failed write this many rows are dropped unseen: an exception costs a hundred times what a write does. */
const ROWS_BEFORE_RETRY = 60;
const CLOSED = -1;

/** Opens a new ring file; PLM_RECORD_FAILED when that cannot be done, and no file is left behind. */
export function createRecorder(options: RecorderOptions): RecorderResult {
  try {
    const crc32 = createCrc32();
    const { columns = COLUMNS } = options;
    return { ok: true, recorder: recorderOf(createRingFile(options, crc32), columns.length, crc32) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(options.directory, error) };
  }
}

function recorderOf(file: RingFile, columnCount: number, crc32: Crc32): Recorder {
  const { path, instanceId, capacity, recordBytes } = file;
  const nonce = instanceNonce(instanceId);
  const record = createSealedBlock(recordBytes, KIND.record, nonce);
  const notes = createNoteSealer(crc32, nonce, file.noteSlotBytes);
  const recordsOffset = recordsOffsetOf(file.headerBytes);
  let fd = file.fd;
  let sequence = 0;
  let noteSequence = 0;
  let dropped = 0;
  let toSkip = 0;
  let failure: Trouble | undefined;

  /** The sequence moves only when the record is in the file, so a failed write leaves no gap. */
  function append(row: Row): void {
    if (row.length !== columnCount) throw new RangeError(`a row of ${row.length} for ${columnCount} columns`);
    record.doubles[SEQUENCE_DOUBLE] = sequence + 1;
    record.doubles.set(row, FIRST_COLUMN_DOUBLE);
    seal(crc32, record);
    writeWhole(fd, record.bytes, recordsOffset + (sequence % capacity) * recordBytes);
    sequence += 1;
  }

  function write(row: Row): void {
    if (fd === CLOSED) return;
    if (toSkip > 0) {
      toSkip -= 1;
      dropped += 1;
      return;
    }
    try {
      append(row);
      failure = undefined;
    } catch (error) {
      dropped += 1;
      toSkip = ROWS_BEFORE_RETRY;
      failure = troubleOf(path, error);
    }
  }

  function note(what: RingNote, json?: string): void {
    // where a record fails a note would too
    if (fd === CLOSED || failure !== undefined) return;
    attempt(() => {
      noteSequence += 1;
      writeWhole(fd, notes.seal(what, noteSequence, json), noteOffsetOf(file, noteSequence % NOTE_SLOTS));
    });
  }

  function attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      failure = troubleOf(path, error);
    }
  }

  function isDeleted(): boolean {
    let links = 1;
    if (fd !== CLOSED) attempt(() => (links = fstatSync(fd).nlink));
    return links === 0;
  }

  function close(): void {
    const open = fd;
    fd = CLOSED;
    attempt(() => closeSync(open));
  }

  function writeEnd(exitCode: number, wallMs: number): void {
    const mark = createSealedBlock(END_MARK_BYTES, KIND.end, nonce);
    mark.doubles[SEQUENCE_DOUBLE] = sequence;
    mark.doubles[END_DOUBLE.exitCode] = exitCode;
    mark.doubles[END_DOUBLE.wallMs] = wallMs;
    seal(crc32, mark);
    writeWhole(fd, mark.bytes, recordsOffset - PAGE_BYTES);
  }

  /** What is done with the open file before it is closed. */
  function finish(last: () => void): void {
    if (fd === CLOSED) return;
    attempt(last);
    close();
  }

  return {
    instanceId,
    path,
    memoryBytes: record.bytes.length + notes.memoryBytes + CRC_TABLE_BYTES,
    dropped: () => dropped,
    failure: () => failure,
    write,
    note,
    isDeleted,
    end: (exitCode, wallMs) => finish(() => writeEnd(exitCode, wallMs)),
    discard: () => finish(() => unlinkSync(path)),
    close: () => finish(() => undefined),
  };
}
