/**
 * Where captures are kept. A file is whole or not there: it is written under another name and renamed. All of them together stay inside the
 * quota; the oldest give way, and nothing but captures is ever removed.
 */
import { close, lstat, mkdir, open, readdir, rename, stat, statfs, unlink, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { CaptureKind } from '../model/event.ts';

export interface CaptureFolderParts {
  readonly directory: string;
  readonly quotaBytes: number;
  wallMs(): number;
  onWritten(kind: CaptureKind, path: string, bytes: number): void;
}

/** Where a file may be written; it counts when it is kept. */
export interface Place {
  /** Does not exist yet. */
  readonly path: string;
  keep(): Promise<Kept>;
  discard(): Promise<void>;
}

export interface Kept {
  readonly path: string;
  readonly bytes: number;
}

export interface CaptureFolder {
  /** A place for about so many bytes, or why there is none. Rejects where the folder cannot be used. */
  reserve(kind: CaptureKind, instance: string, bytes: number): Promise<Place | string>;
  /** The same, and the file. */
  write(kind: CaptureKind, instance: string, text: string, signal: AbortSignal): Promise<Kept | string>;
}

const EXTENSIONS: Readonly<Record<CaptureKind, string>> = {
  report: 'report.json',
  profile: 'heapprofile',
  snapshot: 'heapsnapshot',
};
/** Written at, whose, what; sorts by time. */
const OURS = /^capture-\d{8}T\d{9}Z-[\w-]+\.(?:report\.json|heapprofile|heapsnapshot)(\.part)?$/;
/** Of a process that was killed while it wrote. */
const ABANDONED_AFTER_MS = 3_600_000;
/** A file may take this part of what is free on its disk. */
const MOST_OF_FREE_RATIO = 0.1;

export function createCaptureFolder({ directory, quotaBytes, wallMs, onWritten }: CaptureFolderParts): CaptureFolder {
  const folder = join(directory, 'captures');

  async function refusal(bytes: number): Promise<string | undefined> {
    if (bytes > quotaBytes)
      return `it would take ${sizeText(bytes)}, PLIMSOLL_CAPTURE_QUOTA is ${sizeText(quotaBytes)}`;
    await promisify(mkdir)(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await promisify(statfs)(folder);
    if (bytes <= bavail * bsize * MOST_OF_FREE_RATIO) return undefined;
    return `it would take ${sizeText(bytes)}, more than a tenth of what is free at ${folder}`;
  }

  /** Oldest first. */
  async function captures(): Promise<{ readonly path: string; readonly bytes: number }[]> {
    const names = (await promisify(readdir)(folder)).filter((name) => OURS.test(name)).toSorted();
    const found = await Promise.all(names.map((name) => captureAt(name)));
    return found.filter((capture) => capture !== undefined);
  }

  async function captureAt(name: string): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
    const path = join(folder, name);
    const stats = await promisify(lstat)(path).catch(() => undefined);
    if (stats === undefined || !stats.isFile()) return undefined;
    if (!name.endsWith('.part')) return { path, bytes: stats.size };
    if (wallMs() - stats.mtimeMs > ABANDONED_AFTER_MS) await remove(path);
    return undefined;
  }

  async function makeRoom(bytes: number): Promise<void> {
    const kept = await captures();
    let total = kept.reduce((sum, each) => sum + each.bytes, bytes);
    for (const oldest of kept) {
      if (total <= quotaBytes) return;
      await remove(oldest.path);
      total -= oldest.bytes;
    }
  }

  async function reserve(kind: CaptureKind, instance: string, bytes: number): Promise<Place | string> {
    const refused = await refusal(bytes);
    if (refused !== undefined) return refused;
    await makeRoom(bytes);
    const at = new Date(wallMs()).toISOString().replaceAll(/[-:.]/g, '');
    const path = join(folder, `capture-${at}-${instance}.${EXTENSIONS[kind]}`);
    const part = `${path}.part`;
    return {
      path: part,
      async keep() {
        const { size } = await promisify(stat)(part);
        await promisify(rename)(part, path);
        onWritten(kind, path, size);
        return { path, bytes: size };
      },
      discard: () => remove(part),
    };
  }

  return {
    reserve,
    async write(kind, instance, text, signal) {
      const place = await reserve(kind, instance, Buffer.byteLength(text));
      if (typeof place === 'string') return place;
      try {
        await writeWhole(place.path, Buffer.from(text), signal);
        return await place.keep();
      } catch (error) {
        await place.discard();
        throw error;
      }
    },
  };
}

/** `writeFile` calls what an instrumentation of `node:fs` has put in the place of `open`, and would be a span of the application. */
async function writeWhole(path: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // not through a link that somebody laid there
  const file = await promisify(open)(path, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length;) {
      signal.throwIfAborted();
      at += (await promisify(write)(file, bytes, at)).bytesWritten;
    }
  } finally {
    await promisify(close)(file);
  }
}

/** Another process may have been faster. */
async function remove(path: string): Promise<void> {
  await promisify(unlink)(path).catch(() => undefined);
}

export function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
