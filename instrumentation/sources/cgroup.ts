/**
 * The cgroup source: how full the process's container is, at the level (own group or ancestor) that is fullest.
 * `cgroup-levels.ts` keeps the levels current, `cgroup-v1.ts` and `cgroup-v2.ts` read them, `cgroup-binding.ts` chooses.
 */
import { statSync } from 'node:fs';

import { COL, COLUMNS, createRow, type ReadingName, type Row } from '../../agent/model/row.ts';
import type { Source, SourceFactory, Unavailable } from '../../agent/model/source.ts';
import { fullestLevel } from './cgroup-binding.ts';
import { createCounters } from './cgroup-counters.ts';
import { type CgroupLevel, type Gap, PART } from './cgroup-level.ts';
import { type CgroupLevels, openCgroupLevels } from './cgroup-levels.ts';

const READINGS = COLUMNS.filter((name): name is ReadingName => name.startsWith('cgroup'));
const READING_COLUMNS = READINGS.map((name) => COL[name]);
const COUNTER_COLUMNS = READINGS.filter((name) => /Events|Stall/.test(name)).map((name) => COL[name]);
const PROBED: readonly ReadingName[] = ['cgroupUsageBytes'];

const LIMIT = COL.cgroupLimitBytes;
const USAGE = COL.cgroupUsageBytes;
const UNRECLAIMABLE = COL.cgroupUnreclaimableBytes;
const WORKING_SET = COL.cgroupWorkingSetBytes;
const HIGH_LIMIT = COL.cgroupHighLimitBytes;
const HIGH_UNRECLAIMABLE = COL.cgroupHighUnreclaimableBytes;
const OWN_OOM_KILLS = COL.cgroupOwnOomKills;
const OTHER = COL.cgroupOtherBytes;
/** In the order of PART. */
const PART_COLUMNS = [
  COL.cgroupAnonBytes,
  COL.cgroupShmemBytes,
  COL.cgroupActiveFileBytes,
  COL.cgroupInactiveFileBytes,
  COL.cgroupSlabReclaimableBytes,
  COL.cgroupKernelBytes,
  COL.cgroupSockBytes,
] as const;

/**
 * All `cgroup*` columns of a row come from one level, but `memory.high` and its use, which have their own fullest level.
 * Without any limit they are the own group's, and the limit is Infinity. Events and stall times go on from where they were
 * when another level becomes the fullest. With swap, anonymous memory still counts as unreclaimable: pressure errs upward.
 */
export const createCgroupSource: SourceFactory = (world) => {
  if (world.platform !== 'linux') {
    const detail = `no cgroups on ${world.platform}`;
    return createSourceWithoutCgroup({
      code: 'platform',
      detail,
      repair: 'set PLIMSOLL_PROCESS_BUDGET for a ceiling of your own',
    });
  }
  const found = openCgroupLevels(world);
  const own = found.levels[0];
  if (own !== undefined) return createSource(found, own, world.root);
  const detail = `/proc/self/cgroup: ${found.error ?? 'no group with a memory controller can be seen'}`;
  const repair = 'mount the cgroup hierarchy readable into the container, or enable the memory controller';
  found.close();
  return createSourceWithoutCgroup({ code: 'missing', detail, repair }, found.hierarchy);
};

function createSource(found: CgroupLevels, ownAtStart: CgroupLevel, root: string): Source {
  const counters = createCounters(COUNTER_COLUMNS);
  const latest = createRow();
  let binding = ownAtStart;

  function read(row: Row): void {
    found.refresh();
    const { levels } = found;
    const previous = binding;
    binding = fullestLevel(levels, 'limitBytes') ?? levels[0] ?? ownAtStart;
    if (!binding.hasFreshParts) binding.readParts();
    writeUse(binding, fullestLevel(levels, 'highBytes') ?? binding, row);
    binding.readDetails(row);
    row[OWN_OOM_KILLS] = ownOomKills(row);
    counters.carry(row, latest, binding !== previous);
    latest.set(row);
  }

  /** NaN in a group that the process was moved to: the header names the one it began in. */
  function ownOomKills(row: Row): number {
    const own = found.levels[0];
    if (own?.path !== ownAtStart.path) return Number.NaN;
    return own === binding ? (row[COL.cgroupEventsOomKill] ?? Number.NaN) : own.readOomKills();
  }

  // At once, so that facts and gaps are known before the first sample.
  read(createRow());

  return {
    name: 'cgroup',
    readings: READINGS,
    probed: PROBED,
    read,
    probe(row) {
      binding.readUsage();
      latest[USAGE] = binding.usageBytes;
      row[USAGE] = binding.usageBytes;
    },
    unavailable: () =>
      READINGS.filter((reading) => Number.isNaN(latest[COL[reading]])).map((reading) =>
        unavailable(reading, binding.explain(reading)),
      ),
    facts: () => ({
      version: found.hierarchy.version,
      mode: found.hierarchy.mode,
      path: found.hierarchy.path,
      mount: found.hierarchy.mount,
      levels: found.levels.length,
      bindingPath: binding.path,
      ownPath: ownAtStart.path,
      ownInode: inodeOf(root + ownAtStart.path),
      ownOomKills: latest[OWN_OOM_KILLS] ?? Number.NaN,
      psi: !Number.isNaN(latest[COL.cgroupStallSomeSeconds]),
    }),
    close: () => found.close(),
  };
}

function writeUse(binding: CgroupLevel, throttling: CgroupLevel, row: Row): void {
  const { usageBytes, parts } = binding;
  row[LIMIT] = binding.limitBytes;
  row[USAGE] = usageBytes;
  row[UNRECLAIMABLE] = binding.unreclaimableBytes;
  row[WORKING_SET] = Math.max(0, usageBytes - (parts[PART.inactiveFile] ?? Number.NaN));
  row[HIGH_LIMIT] = throttling.highBytes;
  row[HIGH_UNRECLAIMABLE] = throttling.unreclaimableBytes;
  let known = 0;
  for (let i = 0; i < PART_COLUMNS.length; i += 1) {
    const part = parts[i] ?? Number.NaN;
    row[PART_COLUMNS[i] ?? 0] = part;
    known += part || 0;
  }
  // Usage and parts are read one after the other and counted per CPU, so the parts can make a little more than the usage.
  row[OTHER] = Math.max(0, usageBytes - known);
}

/** Of a group, and of no later one of the same path; a text, since it may take 64 bits. '' where it cannot be had. */
function inodeOf(path: string): string {
  try {
    return statSync(path, { bigint: true }).ino.toString();
  } catch {
    return '';
  }
}

function unavailable(reading: ReadingName, gap: Gap): Unavailable {
  return { source: 'cgroup', reading, ...gap };
}

/** Every column stays NaN, and nothing is read. */
function createSourceWithoutCgroup(gap: Gap, hierarchy = { mode: 'none', path: '' }): Source {
  const reasons = READINGS.map((reading) => unavailable(reading, gap));
  return {
    name: 'cgroup',
    readings: READINGS,
    read(row) {
      for (let i = 0; i < READING_COLUMNS.length; i += 1) row[READING_COLUMNS[i] ?? 0] = Number.NaN;
    },
    unavailable: () => reasons,
    facts: () => ({
      version: 'none',
      mode: hierarchy.mode,
      path: hierarchy.path,
      mount: '',
      levels: 0,
      bindingPath: '',
      ownPath: '',
      ownInode: '',
      ownOomKills: Number.NaN,
      psi: false,
    }),
    close() {},
  };
}
