/**
 * One story in a real cgroup hierarchy, v1 or v2: a process in a group whose parent is tighter, limits that change while it
 * runs, page cache, a kill. `tellStory` lives it and writes down what the source read beside what the kernel's files said;
 * `checkStory` judges it. They are apart because v2 is lived inside a virtual machine and judged outside.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import type { ReadingName } from '../../agent/model/row.ts';
import type { Unavailable } from '../../agent/model/source.ts';
import { createMemoryGroup, type MemoryGroup } from '../helpers/memory-group.ts';
import { fromJson } from './cgroup-json.ts';

const MB = 1 << 20;
/** The process inside; see its file for what it obeys. */
export const CHILD = fileURLToPath(new URL('cgroup-child.ts', import.meta.url));
const HELD_BYTES = 40 * MB;
export const CACHE_BYTES = 60 * MB;

export interface Reading {
  readonly columns: Readonly<Record<ReadingName, number>>;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly gaps: readonly Unavailable[];
  /** What the kernel said just after, by hand: usage of the parent and the own group. */
  readonly files: { readonly outerUsage: number; readonly innerUsage: number };
}

export interface Story {
  readonly version: 1 | 2;
  readonly outerPath: string;
  readonly innerPath: string;
  readonly atStart: Reading;
  readonly afterHolding: Reading;
  readonly afterPageCache: Reading;
  readonly afterOuterLimitChanged: Reading;
  readonly afterInnerLimitTighter: Reading;
  readonly afterHigh: Reading | undefined;
  readonly beforeKill: Reading;
  readonly afterKill: Reading;
  readonly victimSignal: string;
}

const FILES = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes' },
  2: { limit: 'memory.max', usage: 'memory.current' },
} as const;

/** `fillCache`: the child's command that makes `CACHE_BYTES` of page cache. Throws where no group can be made. */
export async function tellStory(fillCache: string): Promise<Story> {
  const outer = createMemoryGroup(256 * MB);
  const innerPath = `${outer.path}/inner`;
  const child: { process?: ChildProcess } = {};
  try {
    if (outer.version === 2) writeFileSync(`${outer.path}/cgroup.subtree_control`, '+memory');
    mkdirSync(innerPath);
    const limits = FILES[outer.version].limit;
    writeFileSync(`${innerPath}/${limits}`, String(512 * MB));
    const inside = startInside(outer, innerPath);
    child.process = inside.process;

    const atStart = await inside.read();
    await inside.ask(`hold ${HELD_BYTES}`);
    const afterHolding = await inside.read();
    await inside.ask(fillCache);
    const afterPageCache = await inside.read();
    writeFileSync(`${outer.path}/${limits}`, String(240 * MB));
    const afterOuterLimitChanged = await inside.read();
    writeFileSync(`${innerPath}/${limits}`, String(160 * MB));
    const afterInnerLimitTighter = await inside.read();
    let afterHigh: Reading | undefined;
    if (outer.version === 2) {
      writeFileSync(`${innerPath}/memory.high`, String(150 * MB));
      afterHigh = await inside.read();
      writeFileSync(`${innerPath}/memory.high`, 'max');
    }
    const beforeKill = await inside.read();
    const victimSignal = await killedByLimit(innerPath);
    const afterKill = await inside.read();
    return {
      version: outer.version,
      outerPath: outer.path,
      innerPath,
      atStart,
      afterHolding,
      afterPageCache,
      afterOuterLimitChanged,
      afterInnerLimitTighter,
      afterHigh,
      beforeKill,
      afterKill,
      victimSignal,
    };
  } finally {
    if (child.process !== undefined && child.process.exitCode === null) {
      child.process.kill('SIGKILL');
      await once(child.process, 'exit');
    }
    await removeInner(innerPath);
    outer.remove();
  }
}

/**
 * Or the difference of two readings is what the child took and gave back meanwhile: Node's type stripper is WebAssembly, and
 * optimizing it in the background takes 40 MB for a while.
 */
const STEADY_MEMORY = ['--liftoff-only', '--expose-gc'];

function startIn(group: string, args: readonly string[]): ChildProcess & { stdout: Readable } {
  const script = 'echo $$ > "$0/cgroup.procs"; exec "$@"';
  return spawn('/bin/sh', ['-c', script, group, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function startInside(outer: MemoryGroup, innerPath: string) {
  const child = startIn(innerPath, [...process.execArgv, ...STEADY_MEMORY, CHILD]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  async function ask(command: string): Promise<string> {
    child.stdin?.write(`${command}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the process inside ended at "${command}"`);
    return value;
  }
  const usageFile = FILES[outer.version].usage;
  const usageOf = (path: string): number => Number(readFileSync(`${path}/${usageFile}`, 'utf8'));
  return {
    process: child,
    ask,
    async read(): Promise<Reading> {
      const told = fromJson(await ask('read')) as Omit<Reading, 'files'>;
      const files = { outerUsage: usageOf(outer.path), innerUsage: usageOf(innerPath) };
      return { ...told, files };
    },
  };
}

/** A second process in the group takes memory until the kernel ends it; it offers itself, so that the first one lives. */
async function killedByLimit(group: string): Promise<string> {
  const program = `
    require('node:fs').writeFileSync('/proc/self/oom_score_adj', '1000');
    const held = []; for (;;) held.push(Buffer.alloc(${4 * MB}, 1));`;
  const victim = startIn(group, ['-e', program]);
  const [code, signal] = (await once(victim, 'exit')) as [number | null, string | null];
  return signal ?? `exit ${code}`;
}

/** A group is busy for a moment after its last process ended. */
async function removeInner(path: string): Promise<void> {
  for (let attempt = 0; existsSync(path) && attempt < 100; attempt += 1) {
    try {
      return rmdirSync(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Between two reads of a living process the usage moves a little; kernels also charge in batches of 64 pages per CPU. */
const SLACK_BYTES = 8 * MB;

function assertNear(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= SLACK_BYTES, `${what}: ${actual} is not near ${expected}`);
}

export const STORY_CHECKS: Readonly<Record<string, (story: Story) => void>> = {
  'takes usage and limit from the parent that is tighter': ({ atStart, outerPath }) => {
    assert.equal(atStart.facts['bindingPath'], outerPath);
    assert.equal(atStart.columns.cgroupLimitBytes, 256 * MB);
    assertNear(atStart.columns.cgroupUsageBytes, atStart.files.outerUsage, 'usage');
  },
  'sees held memory as unreclaimable': ({ atStart, afterHolding }) => {
    const grown = afterHolding.columns.cgroupUnreclaimableBytes - atStart.columns.cgroupUnreclaimableBytes;
    assertNear(grown, HELD_BYTES, 'growth');
  },
  'does not take page cache for use': ({ afterHolding, afterPageCache }) => {
    const usage = afterPageCache.columns.cgroupUsageBytes - afterHolding.columns.cgroupUsageBytes;
    assert.ok(usage > CACHE_BYTES / 2, `usage grew by ${usage}`);
    const { columns } = afterPageCache;
    assertNear(columns.cgroupUnreclaimableBytes, afterHolding.columns.cgroupUnreclaimableBytes, 'unreclaimable');
    assert.ok(columns.cgroupActiveFileBytes + columns.cgroupInactiveFileBytes > CACHE_BYTES / 2);
  },
  'splits the usage into parts that add up to it': ({ afterPageCache: { columns } }) => {
    const parts = [
      'Anon',
      'Shmem',
      'ActiveFile',
      'InactiveFile',
      'SlabReclaimable',
      'Kernel',
      'Sock',
      'Other',
    ] as const;
    const sum = parts.reduce((total, part) => total + (columns[`cgroup${part}Bytes`] || 0), 0);
    assertNear(sum, columns.cgroupUsageBytes, 'sum of parts');
    assert.ok(columns.cgroupOtherBytes < SLACK_BYTES, `${columns.cgroupOtherBytes} in no part`);
  },
  'follows a limit that changes while it runs': ({ afterOuterLimitChanged, outerPath }) => {
    assert.equal(afterOuterLimitChanged.columns.cgroupLimitBytes, 240 * MB);
    assert.equal(afterOuterLimitChanged.facts['bindingPath'], outerPath);
  },
  'takes its own group once that is the tighter one': ({ afterInnerLimitTighter, innerPath }) => {
    assert.equal(afterInnerLimitTighter.facts['bindingPath'], innerPath);
    assert.equal(afterInnerLimitTighter.columns.cgroupLimitBytes, 160 * MB);
    assertNear(afterInnerLimitTighter.columns.cgroupUsageBytes, afterInnerLimitTighter.files.innerUsage, 'usage');
  },
  'counts a kill by the kernel once': ({ beforeKill, afterKill, victimSignal }) => {
    assert.equal(victimSignal, 'SIGKILL');
    assert.equal(afterKill.columns.cgroupEventsOomKill - beforeKill.columns.cgroupEventsOomKill, 1);
    assert.ok(afterKill.columns.cgroupEventsMax > beforeKill.columns.cgroupEventsMax, 'the limit was hit');
    // The page cache may have made more before the limit came.
    assert.ok(afterKill.columns.cgroupPeakBytes >= 160 * MB - SLACK_BYTES, `peak ${afterKill.columns.cgroupPeakBytes}`);
  },
};
