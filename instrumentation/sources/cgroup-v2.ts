/**
 * Reads one level of a cgroup v2 hierarchy. Files and keys: https://docs.kernel.org/admin-guide/cgroup-v2.html, "Memory
 * Interface Files"; all are hierarchical, so an ancestor's numbers include ours.
 */
import { COL, type ReadingName, type Row } from '../../agent/model/row.ts';
import {
  asciiKeys,
  type CgroupLevel,
  finiteOrNaN,
  openLevelFiles,
  PART,
  partAt,
  readCount,
  readLimit,
} from './cgroup-level.ts';
import { asciiBytes, offsetAfter, parseNumber, valuesByKey } from './decimal.ts';
import type { HeldFile } from './held-file.ts';

// In the kernel's order, so that one pass finds them all and stops.
const STAT_KEYS = asciiKeys(['anon', 'kernel', 'sock', 'shmem', 'inactive_file', 'active_file', 'slab_reclaimable']);
const [ANON, KERNEL, SOCK, SHMEM, INACTIVE_FILE, ACTIVE_FILE, SLAB_RECLAIMABLE] = [0, 1, 2, 3, 4, 5, 6] as const;

/** `kernel` came with Linux 5.18; before, these are what memory.stat tells of it. */
const KERNEL_KEYS = asciiKeys(['kernel_stack', 'pagetables', 'percpu', 'slab_reclaimable', 'slab_unreclaimable']);

const EVENT_KEYS = asciiKeys(['low', 'high', 'max', 'oom', 'oom_kill']);
const EVENT_COLUMNS = [
  COL.cgroupEventsLow,
  COL.cgroupEventsHigh,
  COL.cgroupEventsMax,
  COL.cgroupEventsOom,
  COL.cgroupEventsOomKill,
] as const;

/** Its place in EVENT_KEYS. */
const OOM_KILL = 4;

const PEAK = COL.cgroupPeakBytes;
const SWAP_USAGE = COL.cgroupSwapUsageBytes;
const SWAP_LIMIT = COL.cgroupSwapLimitBytes;
const STALL_SOME = COL.cgroupStallSomeSeconds;
const STALL_FULL = COL.cgroupStallFullSeconds;

const SOME = asciiBytes('some ');
const FULL = asciiBytes('full ');
const TOTAL = asciiBytes('total=');
const MICROSECONDS_PER_SECOND = 1e6;

/** One level for each path, own group first. */
export function createV2Levels(root: string, paths: readonly string[]): CgroupLevel[] {
  return paths.map((path) => createV2Level(root, path));
}

function createV2Level(root: string, path: string): CgroupLevel {
  const files = openLevelFiles(root, path);
  const limit = files.file('memory.max');
  const high = files.file('memory.high');
  const stat = new Float64Array(STAT_KEYS.length);
  const olderKernel = new Float64Array(KERNEL_KEYS.length);
  const events = new Float64Array(EVENT_KEYS.length);

  function kernelBytes(file: HeldFile, length: number): number {
    const told = partAt(stat, KERNEL);
    if (!Number.isNaN(told)) return told;
    valuesByKey(file.bytes, length, KERNEL_KEYS, olderKernel);
    let sum = Number.NaN;
    for (let i = 0; i < olderKernel.length; i += 1) {
      const value = partAt(olderKernel, i);
      if (!Number.isNaN(value)) sum = (Number.isNaN(sum) ? 0 : sum) + value;
    }
    return sum;
  }

  const level: CgroupLevel = {
    path,
    limitBytes: Number.NaN,
    highBytes: Number.NaN,
    usageBytes: Number.NaN,
    unreclaimableBytes: Number.NaN,
    parts: new Float64Array(Object.keys(PART).length).fill(Number.NaN),
    hasFreshParts: false,
    readLimits() {
      level.limitBytes = readLimit(limit);
      level.highBytes = readLimit(high);
    },
    readUsage() {
      level.hasFreshParts = false;
      level.usageBytes = readCount(files.file('memory.current'));
    },
    readParts() {
      level.hasFreshParts = true;
      const file = files.file('memory.stat');
      const length = Math.max(0, file.read());
      valuesByKey(file.bytes, length, STAT_KEYS, stat);
      const { parts } = level;
      parts[PART.anon] = partAt(stat, ANON);
      parts[PART.shmem] = partAt(stat, SHMEM);
      parts[PART.activeFile] = partAt(stat, ACTIVE_FILE);
      parts[PART.inactiveFile] = partAt(stat, INACTIVE_FILE);
      parts[PART.slabReclaimable] = partAt(stat, SLAB_RECLAIMABLE);
      parts[PART.kernel] = Math.max(0, kernelBytes(file, length) - (partAt(stat, SLAB_RECLAIMABLE) || 0));
      parts[PART.sock] = partAt(stat, SOCK);
      // anon + shmem + kernel − slab_reclaimable + sock. Not `anon + unevictable`: locked memory is in both.
      // Swap is not subtracted: what could be swapped still has to go somewhere first.
      level.unreclaimableBytes = Math.min(
        level.usageBytes,
        partAt(parts, PART.anon) +
          partAt(parts, PART.shmem) +
          (partAt(parts, PART.kernel) || 0) +
          (partAt(parts, PART.sock) || 0),
      );
    },
    readDetails(row) {
      row[PEAK] = readCount(files.file('memory.peak'));
      row[SWAP_USAGE] = readCount(files.file('memory.swap.current'));
      row[SWAP_LIMIT] = readLimit(files.file('memory.swap.max'));
      readEvents(files.file('memory.events'), events, row);
      readStalls(files.file('memory.pressure'), row);
    },
    readOomKills() {
      const file = files.file('memory.events');
      valuesByKey(file.bytes, Math.max(0, file.read()), EVENT_KEYS, events);
      return partAt(events, OOM_KILL);
    },
    explain(reading) {
      const [names, repair] = NEEDS[reading] ?? [['memory.stat'], 'none: the kernel writes this file'];
      return files.explain(names, repair);
    },
    close: () => files.close(),
  };
  return level;
}

function readEvents(file: HeldFile, events: Float64Array, row: Row): void {
  valuesByKey(file.bytes, Math.max(0, file.read()), EVENT_KEYS, events);
  for (let i = 0; i < EVENT_COLUMNS.length; i += 1) {
    const column = EVENT_COLUMNS[i];
    if (column !== undefined) row[column] = partAt(events, i);
  }
}

/** The group's own file; /proc/pressure/memory is the whole host's. */
function readStalls(file: HeldFile, row: Row): void {
  const length = Math.max(0, file.read());
  row[STALL_SOME] = stallSeconds(file.bytes, length, SOME);
  row[STALL_FULL] = stallSeconds(file.bytes, length, FULL);
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`, total in µs since the group was made. */
function stallSeconds(bytes: Uint8Array, length: number, kind: Uint8Array): number {
  const line = offsetAfter(bytes, length, kind);
  const total = line < 0 ? -1 : offsetAfter(bytes, length, TOTAL, line);
  return total < 0 ? Number.NaN : finiteOrNaN(parseNumber(bytes, total, length)) / MICROSECONDS_PER_SECOND;
}

const SWAP_REPAIR = 'boot the kernel with swapaccount=1';
const PSI_REPAIR = 'boot the kernel with psi=1';
const MOUNT_REPAIR = 'mount the cgroup hierarchy readable into the container';

/** Which files a reading needs, and what helps. */
const NEEDS: Partial<Record<ReadingName, readonly [files: readonly string[], repair: string]>> = {
  cgroupLimitBytes: [['memory.max'], MOUNT_REPAIR],
  cgroupHighLimitBytes: [['memory.high'], MOUNT_REPAIR],
  cgroupUsageBytes: [['memory.current'], MOUNT_REPAIR],
  cgroupUnreclaimableBytes: [['memory.current', 'memory.stat'], MOUNT_REPAIR],
  cgroupHighUnreclaimableBytes: [['memory.current', 'memory.stat'], MOUNT_REPAIR],
  cgroupWorkingSetBytes: [['memory.current', 'memory.stat'], MOUNT_REPAIR],
  cgroupOtherBytes: [['memory.current', 'memory.stat'], MOUNT_REPAIR],
  cgroupPeakBytes: [['memory.peak'], 'use Linux 5.19 or newer'],
  cgroupSwapUsageBytes: [['memory.swap.current'], SWAP_REPAIR],
  cgroupSwapLimitBytes: [['memory.swap.max'], SWAP_REPAIR],
  cgroupEventsLow: [['memory.events'], MOUNT_REPAIR],
  cgroupEventsHigh: [['memory.events'], MOUNT_REPAIR],
  cgroupEventsMax: [['memory.events'], MOUNT_REPAIR],
  cgroupEventsOom: [['memory.events'], MOUNT_REPAIR],
  cgroupEventsOomKill: [['memory.events'], MOUNT_REPAIR],
  cgroupOwnOomKills: [['memory.events'], MOUNT_REPAIR],
  cgroupStallSomeSeconds: [['memory.pressure'], PSI_REPAIR],
  cgroupStallFullSeconds: [['memory.pressure'], PSI_REPAIR],
};
