/**
 * The disk tier: it may fail in every way a disk can, and is never worse than not being there. What it says about an entry is in the
 * order in which it was asked; what it could not write it does not keep an older value of.
 */
import type { CacheFolder } from './pressure-cache-folder.ts';
import { decode, encode, type StoredValue } from './pressure-cache-value.ts';

/** Values on their way to the disk are memory too; what comes on top is not written. */
const MOST_WAITING_BYTES = 32 * 2 ** 20;
/** After a failure nothing is written for a while, each time longer. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;
/** Other processes write too: the folder is looked at again after this part of the quota. */
const LOOK_AGAIN = 0.1;
/** What is left when the quota is reached, so that not each write has to make room. */
const KEPT = 0.9;
/** Clocks of processes that share a folder differ, and are set back. */
const CLOCK_TOLERANCE_MS = 60_000;

export interface DiskCounts {
  /** Of this process's own writing and looking, without what others wrote since; NaN: not looked at yet. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly written: number;
  /** Not written: too much was waiting, it was too large, the disk had failed, or there was pressure. */
  readonly skipped: number;
  readonly failures: number;
  /** Dropped, since what came back was not what was written. */
  readonly damaged: number;
  /** Stayed in memory alone: the value cannot be written so that it comes back as it is. */
  readonly unserialisable: number;
}

export interface DiskTier {
  get(id: string): Promise<StoredValue | undefined>;
  /** Resolves when it is written, or is known not to be. Never rejects, as all the others here. */
  put(id: string, value: unknown, costMs: number): Promise<void>;
  delete(id: string): Promise<void>;
  clear(): Promise<void>;
  /** Under pressure: emptied, and unused until it is resumed. */
  suspend(): void;
  resume(): void;
  /** All that was asked is done. */
  settled(): Promise<void>;
  counts(): DiskCounts;
}

export interface DiskTierParts {
  readonly folder: CacheFolder;
  readonly maxBytes: number;
  readonly ttlMs: number | undefined;
  wallMs(): number;
  monotonicMs(): number;
  onUnserialisable(id: string): void;
  onFailure(error: unknown): void;
}

export function createDiskTier(parts: DiskTierParts): DiskTier {
  const { folder, maxBytes, ttlMs, wallMs, monotonicMs } = parts;
  const counts = { hits: 0, misses: 0, written: 0, skipped: 0, failures: 0, damaged: 0, unserialisable: 0 };
  /** The last work on each entry: the next waits for it. */
  const chains = new Map<string, Promise<unknown>>();
  /** What everything that comes after the last clearing waits for. */
  let cleared: Promise<unknown> = Promise.resolve();
  let waitingBytes = 0;
  let usedBytes = Number.NaN;
  let sinceLookBytes = 0;
  let trimming: Promise<void> | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** Something older than what the application last said may be there: nothing is read before it was emptied. */
  let isStale = false;
  let isSuspended = false;
  let recovering: Promise<void> | undefined;

  function ordered<T>(id: string, work: () => Promise<T>): Promise<T> {
    const mine = (chains.get(id) ?? cleared).then(work);
    chains.set(id, mine);
    return mine.finally(() => {
      if (chains.get(id) === mine) chains.delete(id);
    });
  }

  function fail(error: unknown): void {
    counts.failures += 1;
    pausedUntilMs = monotonicMs() + pauseMs;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    parts.onFailure(error);
  }

  function isPaused(): boolean {
    return monotonicMs() < pausedUntilMs;
  }

  async function remove(id: string): Promise<void> {
    try {
      usedBytes -= await folder.remove(id);
    } catch (error) {
      isStale = true;
      fail(error);
    }
  }

  async function look(mostBytes: number): Promise<void> {
    try {
      usedBytes = await folder.trim(mostBytes, wallMs());
      sinceLookBytes = 0;
    } catch (error) {
      fail(error);
    }
  }

  /** Before so many bytes are written. */
  async function makeRoom(bytes: number): Promise<void> {
    const mustLook = Number.isNaN(usedBytes) || sinceLookBytes > LOOK_AGAIN * maxBytes || usedBytes + bytes > maxBytes;
    if (!mustLook) return;
    await trimming;
    if (usedBytes + bytes <= maxBytes && sinceLookBytes <= LOOK_AGAIN * maxBytes) return;
    trimming ??= look(Math.max(0, KEPT * maxBytes - bytes)).finally(() => {
      trimming = undefined;
    });
    await trimming;
  }

  async function write(id: string, data: Uint8Array): Promise<void> {
    await remove(id);
    await makeRoom(data.byteLength);
    if (isPaused() || isStale || isSuspended || usedBytes + data.byteLength > maxBytes) {
      counts.skipped += 1;
      return;
    }
    usedBytes += data.byteLength;
    sinceLookBytes += data.byteLength;
    try {
      await folder.write(id, data);
      counts.written += 1;
      pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      usedBytes = Number.NaN; // what is left of it is unknown
      fail(error);
      await remove(id);
    }
  }

  async function read(id: string): Promise<StoredValue | undefined> {
    try {
      const data = await folder.read(id);
      if (data === undefined) return undefined;
      const stored = decode(id, data);
      if (stored === undefined) throw new Error('the entry is damaged');
      if (!isExpired(stored)) return stored;
    } catch {
      counts.damaged += 1;
    }
    await remove(id);
    return undefined;
  }

  function isExpired({ storedMs }: StoredValue): boolean {
    if (ttlMs === undefined) return false;
    const ageMs = wallMs() - storedMs;
    return ageMs >= ttlMs || ageMs < -CLOCK_TOLERANCE_MS;
  }

  async function empty(): Promise<void> {
    try {
      await folder.clear();
      usedBytes = 0;
      isStale = false;
    } catch (error) {
      isStale = true;
      fail(error);
    }
  }

  function clear(): Promise<void> {
    const emptied = Promise.allSettled([cleared, ...chains.values()]).then(empty);
    chains.clear();
    cleared = emptied;
    return emptied;
  }

  function mayUse(): boolean {
    if (isStale && !isPaused()) {
      recovering ??= clear().finally(() => {
        recovering = undefined;
      });
    }
    return !isSuspended;
  }

  return {
    async get(id) {
      const stored = mayUse() ? await ordered(id, async () => (isStale ? undefined : await read(id))) : undefined;
      if (stored === undefined) counts.misses += 1;
      else counts.hits += 1;
      return stored;
    },
    async put(id, value, costMs) {
      if (!mayUse()) {
        counts.skipped += 1;
        return;
      }
      const isRefused = isPaused() || waitingBytes > MOST_WAITING_BYTES;
      const data = isRefused ? undefined : encode(id, { value, costMs, storedMs: wallMs() });
      if (data === undefined || data.byteLength > maxBytes) {
        if (isRefused || data !== undefined) counts.skipped += 1;
        else {
          counts.unserialisable += 1;
          parts.onUnserialisable(id);
        }
        await ordered(id, () => remove(id));
        return;
      }
      waitingBytes += data.byteLength;
      await ordered(id, () => write(id, data)).finally(() => {
        waitingBytes -= data.byteLength;
      });
    },
    async delete(id) {
      await ordered(id, () => remove(id));
    },
    clear,
    suspend() {
      if (isSuspended) return;
      isSuspended = true;
      void clear();
    },
    resume() {
      isSuspended = false;
    },
    async settled() {
      await Promise.allSettled([cleared, ...chains.values()]);
    },
    counts: () => ({ bytes: usedBytes, maxBytes, ...counts }),
  };
}
