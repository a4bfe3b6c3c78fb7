/**
 * A small kernel file that is read again and again: opened once, read at offset 0 into one buffer, parsed in place.
 * Nothing is allocated per read (`readFileSync` of the same file costs ten times as much), and nothing throws.
 * The source of /proc and cgroup readings; what the numbers mean is theirs to say.
 */
import fs from 'node:fs';

import type { Unavailable } from '../../agent/model/source.ts';

// Taken once, at load: a later patch of node:fs (tracing instrumentations do that) would see every read of the agent.
const { closeSync, openSync, readSync } = fs;

/** After a failure this many reads give −1 at once: a failing open or read costs an Error, fifty times a good read. */
const READS_BETWEEN_RETRIES = 30;
const FIRST_BUFFER_BYTES = 4096;
/** No file we read is this large; it bounds what a wrong path (a log, a device) can make us hold. */
const LARGEST_BUFFER_BYTES = 1 << 20;

export interface HeldFile {
  readonly path: string;
  /** The content of the last good read is `bytes[0 … read())`. Replaced when the file outgrows it: take it after each read. */
  readonly bytes: Uint8Array;
  /** Errno name (`ENOENT`, `EACCES`, `ENOTSUP`, …) of why the last read gave −1; undefined after a good one. */
  readonly error: string | undefined;
  /**
   * Reads the whole file. Returns its length in bytes, or −1.
   * The file is opened at the first read, again at once when a held one fails (its cgroup went away and came back),
   * and after that every 30 reads, so a file that appears later is found.
   */
  read(): number;
  /** From now on `read` gives −1 and opens nothing. */
  close(): void;
}

export function openHeldFile(path: string): HeldFile {
  let fd = -1;
  let bytes = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  let error: string | undefined;
  let readsToSkip = 0;
  let closed = false;

  function release(): void {
    if (fd < 0) return;
    try {
      closeSync(fd);
    } catch {
      // Someone closed our descriptor; it is gone either way.
    }
    fd = -1;
  }

  function readWhole(): number {
    for (;;) {
      const length = readSync(fd, bytes, 0, bytes.length, 0);
      if (length < bytes.length || length >= LARGEST_BUFFER_BYTES) return length;
      bytes = Buffer.allocUnsafeSlow(bytes.length * 2);
    }
  }

  function attempt(): number {
    try {
      if (fd < 0) fd = openSync(path, 'r');
      const length = readWhole();
      error = undefined;
      return length;
    } catch (thrown) {
      error = errnoName(thrown);
      release();
      return -1;
    }
  }

  return {
    path,
    get bytes() {
      return bytes;
    },
    get error() {
      return error;
    },
    read() {
      if (closed) return -1;
      if (readsToSkip > 0) {
        readsToSkip -= 1;
        return -1;
      }
      const wasOpen = fd >= 0;
      let length = attempt();
      if (length < 0 && wasOpen) length = attempt();
      if (length < 0) readsToSkip = READS_BETWEEN_RETRIES;
      return length;
    },
    close() {
      closed = true;
      error = 'EBADF';
      release();
    },
  };
}

/** The stable code for an errno name of `HeldFile.error`; `malformed` when the file could be read (undefined). */
export function unavailableCode(errno: string | undefined): Unavailable['code'] {
  switch (errno) {
    case undefined:
      return 'malformed';
    case 'EACCES':
    case 'EPERM':
    case 'EMFILE':
    case 'ENFILE':
    case 'ERR_ACCESS_DENIED':
      return 'denied';
    // Linux's EOPNOTSUPP is the same number as ENOTSUP: PSI files that exist while PSI is off answer so.
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENOSYS':
    case 'EINVAL':
    case 'EISDIR':
      return 'unsupported';
    default:
      return 'missing';
  }
}

function errnoName(thrown: unknown): string {
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'EIO';
}
