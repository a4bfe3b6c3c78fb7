/** Healthy lives that other monitors call critical (budget B11). */
import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';

const NODES = ['22', '24', '26'] as const;

export interface Scenario {
  readonly name: string;
  readonly node: string;
  readonly containerMebibytes: number;
  readonly nodeArgs: readonly string[];
  /** In programs/. */
  readonly program: string;
  readonly args: readonly string[];
  /** Runs beside the program and is ready when it has printed a line. */
  readonly neighbour?: Neighbour;
  /** The level it may rise to: 0 allows no transition at all. */
  readonly highestLevel: 0 | 1;
  /** Why it cannot be had on this machine. */
  readonly impossible?: string;
}

export interface Neighbour {
  readonly command: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly inGroup: boolean;
}

/** Of the live set; what the runtime and the program themselves keep in the old generation is part of it. */
const BASE_MEGABYTES = 5;
const FAST_MEGABYTES_PER_SECOND = 300;
/** `man 2 statfs` */
const TMPFS_MAGIC = 0x01021994;

/** `folder` is for their files. */
export function allScenarios(folder: string): readonly Scenario[] {
  return [
    ...NODES.flatMap((node) => [0.5, 0.65].map((ratio) => garbageHeavy(node, ratio))),
    ...NODES.map(deployWarmUp),
    ...NODES.map((node) => pageCache(node, folder)),
    ...NODES.map(lockedMemory),
    busyHost('24'),
  ];
}

export function shortScenarios(folder: string): readonly Scenario[] {
  return [garbageHeavy('24', 0.65), deployWarmUp('22'), pageCache('26', folder), lockedMemory('24')];
}

/** The heap's size, and the program that fills so much of it. */
function service(oldSpaceMebibytes: number, liveRatio: number): Pick<Scenario, 'nodeArgs' | 'program' | 'args'> {
  const liveMegabytes = (liveRatio * oldSpaceMebibytes * 2 ** 20) / 1e6 - BASE_MEGABYTES;
  return {
    nodeArgs: [`--max-old-space-size=${oldSpaceMebibytes}`],
    program: 'service.mjs',
    args: [liveMegabytes.toFixed(1), String(FAST_MEGABYTES_PER_SECOND)],
  };
}

function garbageHeavy(node: string, ratio: number): Scenario {
  return {
    name: `garbage-heavy service, live set ${ratio.toFixed(2)} of the heap`,
    node,
    containerMebibytes: 512,
    ...service(128, ratio),
    highestLevel: 0,
  };
}

/** V8 has never seen a major collection here when the heap is already half full. */
function deployWarmUp(node: string): Scenario {
  return {
    name: 'deploy warm-up to .60 of the heap',
    node,
    containerMebibytes: 512,
    ...service(256, 0.6),
    highestLevel: 0,
  };
}

function pageCache(node: string, folder: string): Scenario {
  return {
    name: 'page cache fills the container',
    node,
    containerMebibytes: 256,
    nodeArgs: [],
    program: 'page-cache.mjs',
    args: [`${folder}/pages-${node}`, '600'],
    highestLevel: 0,
    ...(statfsSync(folder).type === TMPFS_MAGIC
      ? { impossible: `${folder} is in memory; name a folder on a disk in TMPDIR` }
      : {}),
  };
}

/** A formula that adds anonymous and unevictable pages counts locked ones twice. */
function lockedMemory(node: string): Scenario {
  return {
    name: '100 MB locked in a container of 256 MiB',
    node,
    containerMebibytes: 256,
    ...service(64, 0.4),
    neighbour: { command: 'python3', script: 'lock-memory.py', args: ['100'], inGroup: true },
    highestLevel: 0,
  };
}

const SMALL_MACHINE_BYTES = 2 * 2 ** 30;
const BUSY_HOST_ELSEWHERE =
  "it takes nearly all of the machine's memory; in a small one: scripts/cgroup2-vm/run.sh node test/bench/truth/calm.ts --scenario 'busy host' --seconds 60";

function busyHost(node: string): Scenario {
  return {
    name: 'busy host, container with its own limit',
    node,
    containerMebibytes: 256,
    ...service(128, 0.3),
    neighbour: { command: process.execPath, script: 'fill-host.mjs', args: ['0.05'], inGroup: false },
    highestLevel: 1,
    ...(totalmem() > SMALL_MACHINE_BYTES ? { impossible: BUSY_HOST_ELSEWHERE } : {}),
  };
}
