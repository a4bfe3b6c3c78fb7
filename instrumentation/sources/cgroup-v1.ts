/**
 * Reads one level of a cgroup v1 memory hierarchy. Files and keys:
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html; the `total_` keys include the groups below, as the usage does.
 */
import { COL, type ReadingName } from '../../agent/model/row.ts';
import {
  asciiKeys,
  type CgroupLevel,
  finiteOrNaN,
  type Gap,
  type LevelFiles,
  openLevelFiles,
  PART,
  partAt,
  readCount,
  readLimit,
} from './cgroup-level.ts';
import { asciiBytes, offsetAfter, parseNumber, valuesByKey } from './decimal.ts';

// In the kernel's order, so that one pass finds them all and stops.
const STAT_KEYS = asciiKeys([
  'hierarchical_memory_limit',
  'total_rss',
  'total_shmem',
  'total_swap',
  'total_inactive_file',
  'total_active_file',
]);
const [HIERARCHICAL_LIMIT, RSS, SHMEM, SWAP, INACTIVE_FILE, ACTIVE_FILE] = [0, 1, 2, 3, 4, 5] as const;

const PEAK = COL.cgroupPeakBytes;
const SWAP_USAGE = COL.cgroupSwapUsageBytes;
const SWAP_LIMIT = COL.cgroupSwapLimitBytes;
const EVENTS_MAX = COL.cgroupEventsMax;
const EVENTS_OOM_KILL = COL.cgroupEventsOomKill;
const NEVER_KNOWN = [
  COL.cgroupEventsLow,
  COL.cgroupEventsHigh,
  COL.cgroupEventsOom,
  COL.cgroupStallSomeSeconds,
  COL.cgroupStallFullSeconds,
] as const;
const OOM_KILL = asciiBytes('oom_kill ');

/** "No limit" is the largest multiple of the page size below 2^63; it differs with the page size. */
const UNLIMITED_BYTES = 2 ** 62;

const unlimitedIsInfinite = (bytes: number): number => (bytes >= UNLIMITED_BYTES ? Number.POSITIVE_INFINITY : bytes);

/** One level for each path, own group first. */
export function createV1Levels(root: string, paths: readonly string[]): CgroupLevel[] {
  // v1 counts a kill at the victim's own group only, whichever ancestor's limit was hit, so every level tells the own group's.
  const own = openLevelFiles(root, paths[0] ?? '');
  return paths.map((path, index) => createV1Level(root, path, index === paths.length - 1, own));
}

/**
 * `isTop`: nothing above this level can be seen (a container's mount root). The tightest limit of the ancestors that are
 * hidden then counts as this level's; its use is at least this level's, their siblings' use stays unknown.
 */
function createV1Level(root: string, path: string, isTop: boolean, own: LevelFiles): CgroupLevel {
  const files = openLevelFiles(root, path);
  let ownLimitBytes = Number.NaN;
  const limit = files.file('memory.limit_in_bytes');
  const stat = new Float64Array(STAT_KEYS.length);

  function readStat(): void {
    const file = files.file('memory.stat');
    valuesByKey(file.bytes, Math.max(0, file.read()), STAT_KEYS, stat);
  }

  const level: CgroupLevel = {
    path,
    limitBytes: Number.NaN,
    // v1 has nothing that throttles: soft_limit_in_bytes only says who is reclaimed first.
    highBytes: Number.POSITIVE_INFINITY,
    usageBytes: Number.NaN,
    unreclaimableBytes: Number.NaN,
    parts: new Float64Array(Object.keys(PART).length).fill(Number.NaN),
    hasFreshParts: false,
    readLimits(isThorough) {
      ownLimitBytes = unlimitedIsInfinite(readLimit(limit));
      level.limitBytes = ownLimitBytes;
      if (!isTop) return;
      if (isThorough) readStat();
      const hidden = unlimitedIsInfinite(partAt(stat, HIERARCHICAL_LIMIT));
      if (hidden > 0 && !(hidden >= level.limitBytes)) level.limitBytes = hidden;
    },
    readUsage() {
      level.hasFreshParts = false;
      level.usageBytes = readCount(files.file('memory.usage_in_bytes'));
    },
    readParts() {
      level.hasFreshParts = true;
      readStat();
      const { parts } = level;
      parts[PART.anon] = partAt(stat, RSS);
      parts[PART.shmem] = partAt(stat, SHMEM);
      parts[PART.activeFile] = partAt(stat, ACTIVE_FILE);
      parts[PART.inactiveFile] = partAt(stat, INACTIVE_FILE);
      parts[PART.kernel] = readCount(files.file('memory.kmem.usage_in_bytes'));
      // total_rss + total_shmem + kernel memory; v1 does not tell the reclaimable slab from the rest, so it is counted in.
      // Swap is not subtracted: what could be swapped still has to go somewhere first.
      level.unreclaimableBytes = Math.min(
        level.usageBytes,
        partAt(parts, PART.anon) + partAt(parts, PART.shmem) + (partAt(parts, PART.kernel) || 0),
      );
    },
    readDetails(row) {
      row[PEAK] = readCount(files.file('memory.max_usage_in_bytes'));
      row[SWAP_USAGE] = partAt(stat, SWAP);
      const both = unlimitedIsInfinite(readLimit(files.file('memory.memsw.limit_in_bytes')));
      row[SWAP_LIMIT] = both === Number.POSITIVE_INFINITY ? both : Math.max(0, both - ownLimitBytes);
      row[EVENTS_MAX] = readCount(files.file('memory.failcnt'));
      row[EVENTS_OOM_KILL] = level.readOomKills();
      for (let i = 0; i < NEVER_KNOWN.length; i += 1) row[NEVER_KNOWN[i] ?? 0] = Number.NaN;
    },
    readOomKills() {
      const oomControl = own.file('memory.oom_control');
      const length = Math.max(0, oomControl.read());
      // `oom_kill_disable 0` comes first and does not match: the key here ends with its blank.
      const at = offsetAfter(oomControl.bytes, length, OOM_KILL);
      return at < 0 ? Number.NaN : finiteOrNaN(parseNumber(oomControl.bytes, at, length));
    },
    explain(reading) {
      const absent = ABSENT[reading];
      if (absent !== undefined) return absent;
      const [names, repair] = NEEDS[reading] ?? [['memory.stat'], MOUNT_REPAIR];
      return (reading === 'cgroupEventsOomKill' || reading === 'cgroupOwnOomKills' ? own : files).explain(
        names,
        repair,
      );
    },
    close() {
      files.close();
      own.close();
    },
  };
  return level;
}

const MOUNT_REPAIR = 'mount the cgroup hierarchy readable into the container';
const SWAP_REPAIR = 'boot the kernel with swapaccount=1';

const notInV1 = (what: string): Gap => ({
  code: 'unsupported',
  detail: `cgroup v1 does not tell ${what}`,
  repair: 'use a host with cgroup v2',
});
const NO_EVENTS = notInV1('low, high and oom events');
const NO_STALLS = notInV1("a group's memory pressure stalls");

const ABSENT: Partial<Record<ReadingName, Gap>> = {
  cgroupSlabReclaimableBytes: notInV1('reclaimable slab'),
  cgroupSockBytes: notInV1('socket memory as part of the usage'),
  cgroupEventsLow: NO_EVENTS,
  cgroupEventsHigh: NO_EVENTS,
  cgroupEventsOom: NO_EVENTS,
  cgroupStallSomeSeconds: NO_STALLS,
  cgroupStallFullSeconds: NO_STALLS,
};

/** Which files a reading needs, and what helps. */
const NEEDS: Partial<Record<ReadingName, readonly [files: readonly string[], repair: string]>> = {
  cgroupLimitBytes: [['memory.limit_in_bytes'], MOUNT_REPAIR],
  cgroupUsageBytes: [['memory.usage_in_bytes'], MOUNT_REPAIR],
  cgroupUnreclaimableBytes: [['memory.usage_in_bytes', 'memory.stat'], MOUNT_REPAIR],
  cgroupHighUnreclaimableBytes: [['memory.usage_in_bytes', 'memory.stat'], MOUNT_REPAIR],
  cgroupWorkingSetBytes: [['memory.usage_in_bytes', 'memory.stat'], MOUNT_REPAIR],
  cgroupOtherBytes: [['memory.usage_in_bytes', 'memory.stat'], MOUNT_REPAIR],
  cgroupKernelBytes: [['memory.kmem.usage_in_bytes'], 'boot the kernel without cgroup.memory=nokmem'],
  cgroupPeakBytes: [['memory.max_usage_in_bytes'], MOUNT_REPAIR],
  cgroupSwapUsageBytes: [['memory.stat'], SWAP_REPAIR],
  cgroupSwapLimitBytes: [['memory.memsw.limit_in_bytes'], SWAP_REPAIR],
  cgroupEventsMax: [['memory.failcnt'], MOUNT_REPAIR],
  cgroupEventsOomKill: [['memory.oom_control'], 'use Linux 4.13 or newer'],
  cgroupOwnOomKills: [['memory.oom_control'], 'use Linux 4.13 or newer'],
};
