/**
 * Writes each sample into a ring file: the last step of the pipeline. The page cache keeps what was written when the
 * process is killed, so the file tells what the process held when it died.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { problem, type Problem } from '../model/problem.ts';
import { COLUMNS, type Row } from '../model/row.ts';
import { CRC_TABLE_BYTES, createCrc32, type Crc32 } from './crc32.ts';
import type { Description, RingIdentity } from './description.ts';
import { encodeHeader } from './header.ts';
import { createInstanceId, instanceNonce, RING_EXTENSION } from './instance-id.ts';
import {
  createSealedBlock,
  END_DOUBLE,
  END_MARK_BYTES,
  FIRST_COLUMN_DOUBLE,
  KIND,
  PAGE_BYTES,
  recordBytesOf,
  seal,
  SEQUENCE_DOUBLE,
} from './layout.ts';

export interface RecorderOptions {
  /** Created when it is missing. */
  readonly directory: string;
  readonly identity: Omit<RingIdentity, 'serviceInstanceId'>;
  readonly facts: Description['facts'];
  readonly policy: Description['policy'];
  /** @default COLUMNS */
  readonly columns?: readonly string[];
  /** Records the file has room for. @default 1024: 1.6 MB, 17 minutes at one sample a second, 51 s at the fastest pace */
  readonly capacity?: number;
  /** @default createInstanceId */
  readonly createId?: (wallMs: number) => string;
}

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
  failure(): Problem | undefined;
  /** One record of as many doubles as there are columns; nothing is allocated. */
  write(row: Row): void;
  /** A clean end: writes the end mark and closes. Without it a reader takes the process for killed. */
  end(exitCode: number, wallMs: number): void;
  /** Closes and deletes the file: the process was too short to be worth one. */
  discard(): void;
  close(): void;
}

export type RecorderResult =
  | { readonly ok: true; readonly recorder: Recorder }
  | { readonly ok: false; readonly problem: Problem };

const DEFAULT_CAPACITY = 1024;
/** After a failed write this many rows are dropped unseen: an exception costs a hundred times what a write does. */
const ROWS_BEFORE_RETRY = 60;
const ID_ATTEMPTS = 3;
const CLOSED = -1;

/** Opens a new ring file; PLM_RECORD_FAILED when that cannot be done, and no file is left behind. */
export function createRecorder(options: RecorderOptions): RecorderResult {
  try {
    ensureDirectory(options.directory);
    const crc32 = createCrc32();
    return { ok: true, recorder: recorderOf(createFile(options, crc32), options, crc32) };
  } catch (error) {
    return { ok: false, problem: recordFailed(options.directory, error) };
  }
}

function recordFailed(where: string, error: unknown): Problem {
  const message = `${where}: ${(error as Error).message}; PLIMSOLL_DIR must be a folder with free space that this process may write to. Nothing is recorded.`;
  return problem('PLM_RECORD_FAILED', message);
}

function ensureDirectory(directory: string): void {
  if (!makeDirectory(directory)) return;
  // shared with a sidecar of the same group, whatever the umask; a pod's volume passes its group on by the setgid bit
  chmodSync(directory, (statSync(directory).mode & 0o2000) | 0o770);
}

/** Whether it was made. Not mkdir's `recursive`: below /proc and in a stale mount that tries again for ever (Node.js 22 to 26). */
function makeDirectory(directory: string, parentExists = false): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT' || parentExists) throw error;
    makeDirectory(dirname(directory));
    return makeDirectory(directory, true);
  }
}

interface RingFile {
  readonly fd: number;
  readonly path: string;
  readonly instanceId: string;
  readonly recordsOffset: number;
}

function createFile({ directory, identity, facts, policy, ...options }: RecorderOptions, crc32: Crc32): RingFile {
  const { columns = COLUMNS, capacity = DEFAULT_CAPACITY, createId = createInstanceId } = options;
  const { fd, path, instanceId } = openExclusively(directory, () => createId(identity.startWallMs));
  try {
    fchmodSync(fd, 0o660);
    const whole = { columns, identity: { ...identity, serviceInstanceId: instanceId }, facts, policy };
    const { bytes } = encodeHeader(crc32, whole, capacity);
    ftruncateSync(fd, bytes.length + capacity * recordBytesOf(columns.length));
    writeWhole(fd, bytes, 0);
    return { fd, path, instanceId, recordsOffset: bytes.length };
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

/** Never opens a file that is there: it may be the recording of a neighbour. */
function openExclusively(
  directory: string,
  createId: () => string,
  attemptsLeft = ID_ATTEMPTS,
): Pick<RingFile, 'fd' | 'path' | 'instanceId'> {
  const instanceId = createId();
  const path = join(directory, instanceId + RING_EXTENSION);
  try {
    return { fd: openSync(path, 'wx', 0o660), path, instanceId };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attemptsLeft === 1) throw error;
  }
  return openExclusively(directory, createId, attemptsLeft - 1);
}

/** A full disk may take a part of it without an error. */
function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  const written = writeSync(fd, bytes, 0, bytes.length, position);
  if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
}

function recorderOf(
  file: RingFile,
  { columns = COLUMNS, capacity = DEFAULT_CAPACITY }: RecorderOptions,
  crc32: Crc32,
): Recorder {
  const { path, instanceId, recordsOffset } = file;
  const nonce = instanceNonce(instanceId);
  const record = createSealedBlock(recordBytesOf(columns.length), KIND.record, nonce);
  let fd = file.fd;
  let sequence = 0;
  let dropped = 0;
  let toSkip = 0;
  let failure: Problem | undefined;

  /** The sequence moves only when the record is in the file, so a failed write leaves no gap. */
  function append(row: Row): void {
    if (row.length !== columns.length) throw new RangeError(`a row of ${row.length} for ${columns.length} columns`);
    record.doubles[SEQUENCE_DOUBLE] = sequence + 1;
    record.doubles.set(row, FIRST_COLUMN_DOUBLE);
    seal(crc32, record);
    writeWhole(fd, record.bytes, recordsOffset + (sequence % capacity) * record.bytes.length);
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
      failure = recordFailed(path, error);
    }
  }

  function attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      failure = recordFailed(path, error);
    }
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
    memoryBytes: record.bytes.length + CRC_TABLE_BYTES,
    dropped: () => dropped,
    failure: () => failure,
    write,
    end: (exitCode, wallMs) => finish(() => writeEnd(exitCode, wallMs)),
    discard: () => finish(() => unlinkSync(path)),
    close: () => finish(() => undefined),
  };
}
