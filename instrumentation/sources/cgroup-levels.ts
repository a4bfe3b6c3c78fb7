/**
 * The levels the process is in, kept current: limits that change or appear while it runs, and a process that is moved.
 * `cgroup-hierarchy.ts` finds them; `cgroup.ts` reads them through here at each sample.
 */
import type { World } from '../../agent/model/source.ts';
import { effectiveLimit } from './cgroup-binding.ts';
import { findHierarchy, type Hierarchy } from './cgroup-hierarchy.ts';
import type { CgroupLevel } from './cgroup-level.ts';
import { createV1Levels } from './cgroup-v1.ts';
import { createV2Levels } from './cgroup-v2.ts';
import { asciiBytes, offsetAfter, parseNumber } from './decimal.ts';
import { openHeldFile } from './held-file.ts';

/** Levels without a limit, and places where a hidden limit shows, are looked at this often for a limit that appeared. */
const THOROUGH_EVERY_MS = 5_000;
/** A process is moved between groups by an administrator or an init system, seldom and early. */
const MOVED_EVERY_MS = 60_000;

export interface CgroupLevels {
  readonly hierarchy: Hierarchy;
  /** Own group first; empty when there is no cgroup to read. */
  readonly levels: readonly CgroupLevel[];
  /** Errno name of why /proc/self/cgroup cannot be read. */
  readonly error: string | undefined;
  /** Brings limits up to date, and the usage of the own level and of those with a limit. */
  refresh(): void;
  close(): void;
}

export function openCgroupLevels(world: World): CgroupLevels {
  const selfCgroup = openHeldFile(`${world.root}/proc/self/cgroup`);
  const hostTotalBytes = readHostTotal(world);
  let seenBytes: Buffer = Buffer.alloc(0);

  /** Takes what /proc/self/cgroup says now; whether that is new. */
  function isMoved(): boolean {
    const now = selfCgroup.bytes.subarray(0, Math.max(0, selfCgroup.read()));
    if (seenBytes.equals(now)) return false;
    seenBytes = Buffer.from(now);
    return true;
  }

  isMoved();
  let hierarchy = findHierarchy(world.root, seenBytes.toString('utf8'));
  let levels = openLevels(world, hierarchy);
  let thoroughDueMs = Number.NEGATIVE_INFINITY;
  let movedDueMs = world.monotonicMs() + MOVED_EVERY_MS;

  function followMove(): void {
    // A group without memory files gets them when someone enables the controller for it: its path does not change then.
    if (!isMoved() && hierarchy.ownHasMemory) return;
    const found = findHierarchy(world.root, seenBytes.toString('utf8'));
    if (found.version === 'none' || found.levels.join('\n') === hierarchy.levels.join('\n')) return;
    closeLevels(levels);
    hierarchy = found;
    levels = openLevels(world, hierarchy);
    thoroughDueMs = Number.NEGATIVE_INFINITY;
  }

  return {
    get hierarchy() {
      return hierarchy;
    },
    get levels() {
      return levels;
    },
    get error() {
      return selfCgroup.error;
    },
    refresh() {
      const nowMs = world.monotonicMs();
      if (nowMs >= movedDueMs) {
        movedDueMs = nowMs + MOVED_EVERY_MS;
        followMove();
      }
      const isThorough = nowMs >= thoroughDueMs;
      if (isThorough) thoroughDueMs = nowMs + THOROUGH_EVERY_MS;
      for (let i = 0; i < levels.length; i += 1) {
        const level = levels[i];
        if (level === undefined) continue;
        if (i === 0 || isThorough || hasLimit(level)) readLimits(level, isThorough, hostTotalBytes);
        if (i === 0 || hasLimit(level)) level.readUsage();
      }
    },
    close() {
      selfCgroup.close();
      closeLevels(levels);
    },
  };
}

function readLimits(level: CgroupLevel, isThorough: boolean, hostTotalBytes: number): void {
  level.readLimits(isThorough);
  level.limitBytes = effectiveLimit(level.limitBytes, hostTotalBytes);
  level.highBytes = effectiveLimit(level.highBytes, hostTotalBytes);
}

function openLevels(world: World, hierarchy: Hierarchy): CgroupLevel[] {
  const create = hierarchy.version === 'v1' ? createV1Levels : createV2Levels;
  return create(world.root, hierarchy.levels);
}

function closeLevels(levels: readonly CgroupLevel[]): void {
  for (const level of levels) level.close();
}

/** False for NaN too: a limit that cannot be read cannot be measured against. */
function hasLimit(level: CgroupLevel): boolean {
  return level.limitBytes < Number.POSITIVE_INFINITY || level.highBytes < Number.POSITIVE_INFINITY;
}

function readHostTotal(world: World): number {
  const meminfo = openHeldFile(`${world.root}/proc/meminfo`);
  const length = Math.max(0, meminfo.read());
  const at = offsetAfter(meminfo.bytes, length, asciiBytes('MemTotal:'));
  const kib = at < 0 ? Number.NaN : parseNumber(meminfo.bytes, at, length);
  meminfo.close();
  return kib > 0 ? kib * 1024 : Number.POSITIVE_INFINITY;
}
