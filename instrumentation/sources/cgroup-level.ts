/**
 * One level of a cgroup hierarchy: the process's own group or an ancestor. `cgroup-v1.ts` and `cgroup-v2.ts` read it,
 * `cgroup.ts` decides which of them counts. Levels hold their files open and keep what they read in place.
 */
import type { ReadingName, Row } from '../../agent/model/row.ts';
import type { Unavailable } from '../../agent/model/source.ts';
import { asciiBytes, parseNumber } from './decimal.ts';
import { type HeldFile, openHeldFile, unavailableCode } from './held-file.ts';

/** Disjoint parts of a group's usage, bytes; NaN where the kernel does not tell. Their order is that of PART. */
export type Parts = Float64Array<ArrayBuffer>;

export const PART = {
  anon: 0,
  shmem: 1,
  activeFile: 2,
  inactiveFile: 3,
  slabReclaimable: 4,
  /** Kernel memory that cannot be reclaimed: stacks, page tables, per-CPU data, unreclaimable slab. */
  kernel: 5,
  sock: 6,
} as const;

export type Gap = Pick<Unavailable, 'code' | 'detail' | 'repair'>;

export interface CgroupLevel {
  /** Directory, without the world's root. */
  readonly path: string;
  /** Bytes; Infinity = the kernel says there is none, NaN = cannot be read. */
  limitBytes: number;
  highBytes: number;
  usageBytes: number;
  /** What the kernel cannot take back without swapping or killing; never above `usageBytes`. */
  unreclaimableBytes: number;
  readonly parts: Parts;
  /** Whether `readParts` was called since the last `readUsage`. */
  hasFreshParts: boolean;
  /** `isThorough`: also the dearer places where a limit can hide; called every few seconds. */
  readLimits(isThorough: boolean): void;
  readUsage(): void;
  /** Parts and unreclaimable bytes; after `readUsage`. */
  readParts(): void;
  /** Peak, swap, events and stall times, straight into the row. Their files are opened at the first call. */
  readDetails(row: Row): void;
  /** How many processes of the group the kernel killed for want of memory, with `readDetails` or without. */
  readOomKills(): number;
  /** Why a reading of this level is NaN. */
  explain(reading: ReadingName): Gap;
  close(): void;
}

/** Nothing at all, or too much, where a byte count should be, is NaN: a cut-off or foreign file. */
export function finiteOrNaN(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

export function partAt(values: Float64Array, index: number): number {
  return finiteOrNaN(values[index] ?? Number.NaN);
}

/** The number in a file of one number; `max` is Infinity; NaN when it cannot be read. */
export function readLimit(file: HeldFile): number {
  const length = file.read();
  return length < 0 ? Number.NaN : parseNumber(file.bytes, 0, length);
}

export function readCount(file: HeldFile): number {
  return finiteOrNaN(readLimit(file));
}

/** Opens files of one directory when they are first asked for; a level without a limit never needs most of them. */
export interface LevelFiles {
  file(name: string): HeldFile;
  /** Why a reading that needs these files is NaN: the first that failed, else the last one's content. */
  explain(names: readonly string[], repair: string): Gap;
  close(): void;
}

export function openLevelFiles(root: string, path: string): LevelFiles {
  const held = new Map<string, HeldFile>();
  function file(name: string): HeldFile {
    const known = held.get(name);
    if (known !== undefined) return known;
    const opened = openHeldFile(`${root}${path}/${name}`);
    held.set(name, opened);
    return opened;
  }
  return {
    file,
    explain(names, repair) {
      const failed = names.find((name) => held.get(name)?.error !== undefined);
      const name = failed ?? names.at(-1) ?? '';
      const errno = failed === undefined ? undefined : held.get(failed)?.error;
      return { code: unavailableCode(errno), detail: `${path}/${name}: ${errno ?? 'no usable number in it'}`, repair };
    },
    close() {
      for (const each of held.values()) each.close();
    },
  };
}

export const asciiKeys = (keys: readonly string[]): readonly Uint8Array[] => keys.map((key) => asciiBytes(key));
