/**
 * A sidecar says that it watches a folder: `sidecar.json` there, written again every two seconds. So an agent that starts waits a moment for
 * its connection before it exports by itself.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const FILE = 'sidecar.json';
const INTERVAL_MS = 2000;
/** Older ones were left behind. */
const MAX_AGE_MS = 10_000;
const MAX_BYTES = 4096;

export interface Announcement {
  readonly pid: number;
  /** Of the sidecar: start time and random. */
  readonly instance: string;
  /** ms since the epoch. */
  readonly wallMs: number;
}

export interface PresenceClock {
  wallMs(): number;
  setTimer(callback: () => void, ms: number): () => void;
}

/** From now on until what it answers is called. A folder that cannot be written to is no reason not to watch it: never throws. */
export function announceSidecar(
  directory: string,
  sidecar: Omit<Announcement, 'wallMs'>,
  clock: PresenceClock,
): () => void {
  let cancel = (): void => undefined;
  function announce(): void {
    write(directory, { ...sidecar, wallMs: clock.wallMs() });
    cancel = clock.setTimer(announce, INTERVAL_MS);
  }
  announce();
  return () => {
    cancel();
    if (read(directory)?.instance === sidecar.instance) remove(join(directory, FILE));
  };
}

/** Whether a sidecar watches this folder; never throws. */
export function sidecarAnnounced(directory: string, nowMs: number): boolean {
  const found = read(directory);
  return found !== undefined && Math.abs(nowMs - found.wallMs) < MAX_AGE_MS;
}

function write(directory: string, announcement: Announcement): void {
  const path = join(directory, FILE);
  const part = `${path}.${announcement.instance}`;
  try {
    const fd = openSync(part, 'w', 0o644);
    try {
      fchmodSync(fd, 0o644); // every agent of the folder may read it, whatever the umask
      writeSync(fd, `${JSON.stringify(announcement)}\n`);
    } finally {
      closeSync(fd);
    }
    renameSync(part, path);
  } catch {
    remove(part); // read-only, full, or gone: the agents are watched all the same
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it is gone already
  }
}

/** Whoever can write to the folder can put anything there. */
function read(directory: string): Announcement | undefined {
  try {
    // a pipe of that name must not block us
    const fd = openSync(join(directory, FILE), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(fd).isFile() ? parse(textOf(fd)) : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function textOf(fd: number): string {
  const bytes = Buffer.alloc(MAX_BYTES);
  return bytes.toString('utf8', 0, readSync(fd, bytes));
}

function parse(text: string): Announcement | undefined {
  const { pid, instance, wallMs } = JSON.parse(text) as Partial<Record<keyof Announcement, unknown>>;
  return typeof pid === 'number' && typeof instance === 'string' && typeof wallMs === 'number'
    ? { pid, instance, wallMs }
    : undefined;
}
