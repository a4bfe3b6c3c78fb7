import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  oldGenerationLimitBytes,
  parseHeapFlags,
  type HeapFlags,
} from '../../../instrumentation/sources/old-generation-limit.ts';
import { createMemoryGroup, whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { runNode } from '../../helpers/run-node.ts';

const MIB = 2 ** 20;

function limitMib(nodeMajor: number, memoryMib: number, heapSizeLimitMib: number, flags: string[] = []): number {
  const heapFlags = parseHeapFlags(flags, '');
  const input = {
    nodeMajor,
    memoryBytes: memoryMib * MIB,
    heapSizeLimitBytes: heapSizeLimitMib * MIB,
    flags: heapFlags,
  };
  return oldGenerationLimitBytes(input) / MIB;
}

/**
 * Measured on Linux x64: what a Node.js of this major told as heap_size_limit in a cgroup of this size, and what a
 * Worker of it told as its old generation (a Worker ignores its parent's flags).
 */
const MEASURED: readonly (readonly [memoryMib: number, oldMib: number, ...heapSizeLimitMib: number[]])[] = [
  //            Node 22, 23 |  24, 25 |  26
  [64, 256, /*         */ 259, /* */ 259, /**/ 262],
  [256, 256, /*        */ 259, /* */ 259, /**/ 262],
  [300, 256, /*        */ 259, /* */ 259, /**/ 268],
  [512, 256, /*        */ 259, /* */ 259, /**/ 268],
  [520, 260, /*        */ 272, /* */ 308, /**/ 284],
  [768, 384, /*        */ 396, /* */ 432, /**/ 408],
  [1024, 512, /*       */ 524, /* */ 560, /**/ 536],
  [1100, 550, /*       */ 574, /* */ 646, /**/ 598],
  [2048, 1024, /*     */ 1048, /**/ 1120, /**/ 1072],
  [3000, 1500, /*     */ 1548, /**/ 1692, /**/ 1596],
  [4096, 2048, /*     */ 2096, /**/ 2240, /**/ 2144],
  [14_000, 2048, /*   */ 2096, /**/ 2240, /**/ 2144],
  [24_105, 4096, /*   */ 4144, /**/ 4288, /**/ 4192],
];

test('finds the old generation that V8 takes without flags', () => {
  for (const [memoryMib, oldMib, ...limits] of MEASURED) {
    for (const [i, major] of [22, 24, 26].entries()) {
      assert.equal(limitMib(major, memoryMib, limits[i] ?? 0), oldMib, `Node ${major} in ${memoryMib} MiB`);
      assert.equal(limitMib(major === 26 ? 27 : major + 1, memoryMib, limits[i] ?? 0), oldMib);
    }
  }
});

test('takes --max-old-space-size as it stands, and a percentage from what is left beside the young generation', () => {
  assert.equal(limitMib(24, 24_105, 256, ['--max-old-space-size=64']), 64);
  assert.equal(limitMib(24, 1000, 148, ['--max-old-space-size=100']), 100);
  assert.equal(limitMib(24, 24_105, 392, ['--max-old-space-size=200', '--max-heap-size=300']), 200);
  assert.equal(limitMib(22, 1000, 512, ['--max-old-space-size-percentage=50']), 500);
  assert.equal(limitMib(24, 1000, 298, ['--max-old-space-size-percentage=25']), 250);
  assert.equal(limitMib(26, 256, 198, ['--max-old-space-size-percentage', '75']), 192);
  assert.equal(limitMib(24, 24_105, 2602, ['--max-old-space-size-percentage=10', '--max-old-space-size=9']), 2410);
});

test('takes three semi-spaces off, rounded up to a power of two, when --max-semi-space-size is given', () => {
  assert.equal(limitMib(24, 24_105, 4108, ['--max-semi-space-size=4']), 4096);
  assert.equal(limitMib(24, 24_105, 4120, ['--max-semi-space-size=5']), 4096);
  assert.equal(limitMib(22, 24_105, 4480, ['--max-semi-space-size=128']), 4096);
  assert.equal(limitMib(22, 24_105, 4144, ['--max-semi-space-size=0']), 4096);
  assert.equal(limitMib(22, 24_105, 112, ['--max-semi-space-size=4', '--max-old-space-size=100']), 100);
  assert.equal(limitMib(26, 24_105, 1000, ['--max-semi-space-size=32', '--max-heap-size=1000']), 904);
});

test('divides --max-heap-size as V8 does', () => {
  // Inferred from where processes died: at 92 % of this, as they do at 92 % of --max-old-space-size with the same load.
  assert.equal(limitMib(22, 24_105, 1000, ['--max-heap-size=1000']), 976);
  assert.equal(limitMib(24, 24_105, 1000, ['--max-heap-size=1000']), 904);
  assert.equal(limitMib(26, 24_105, 1000, ['--max-heap-size=1000']), 904);
  assert.equal(limitMib(24, 24_105, 400, ['--max-heap-size=400']), 352);
  assert.equal(limitMib(24, 1000, 200, ['--max-heap-size=200']), 197);
  assert.equal(limitMib(26, 1000, 200, ['--max-heap-size=200']), 176);
});

test('reads flags as Node.js does', () => {
  const none: HeapFlags = {
    maxOldSpaceMib: undefined,
    maxSemiSpaceMib: undefined,
    maxHeapMib: undefined,
    hasOldSpacePercentage: false,
  };
  const cases: readonly (readonly [execArgv: string[], nodeOptions: string, flags: Partial<HeapFlags>])[] = [
    [[], '', {}],
    [['--max-old-space-size=512'], '', { maxOldSpaceMib: 512 }],
    [['--max_old_space_size=512'], '', { maxOldSpaceMib: 512 }],
    [['--max_old-space_size=512'], '', { maxOldSpaceMib: 512 }],
    [['-max-old-space-size=512'], '', { maxOldSpaceMib: 512 }],
    [['--max-old-space-size=1', '--max_old_space_size=2'], '', { maxOldSpaceMib: 2 }],
    [['--max-old-space-size=2'], '--max-old-space-size=1', { maxOldSpaceMib: 2 }],
    [['-r', './x.cjs'], ' --enable-source-maps  --max-old-space-size=1 ', { maxOldSpaceMib: 1 }],
    [[], '"--max_old_space_size=400" --require "./a b.cjs"', { maxOldSpaceMib: 400 }],
    [['--max-old-space-size=300', '--max-old-space-size=0'], '', {}],
    [['--max-semi-space-size=16', '--max-heap-size=300'], '', { maxSemiSpaceMib: 16, maxHeapMib: 300 }],
    [['--max-old-space-size-percentage', '50'], '', { hasOldSpacePercentage: true }],
    [['--max-old-space-size-percentage=12.5'], '', { hasOldSpacePercentage: true }],
    [['--inspect', 'max-old-space-size=5', '--xmax-old-space-size=5', '--max-old-space-size=a'], '', {}],
  ];
  for (const [execArgv, nodeOptions, flags] of cases) {
    assert.deepEqual(
      parseHeapFlags(execArgv, nodeOptions),
      { ...none, ...flags },
      `${execArgv.join(' ')} ${nodeOptions}`,
    );
  }
});

/** Prints its heap_size_limit, the memory V8 was told of, and the old generation of a Worker, which ignores all flags. */
const TELL = `
  const { Worker } = require('node:worker_threads');
  const worker = new Worker('setTimeout(() => {}, 1000)', { eval: true });
  worker.once('online', () => {
    const heapSizeLimitBytes = require('node:v8').getHeapStatistics().heap_size_limit;
    const total = require('node:os').totalmem(), constrained = process.constrainedMemory();
    const memoryBytes = constrained > 0 ? Math.min(constrained, total) : total;
    const workerOldMib = worker.resourceLimits.maxOldGenerationSizeMb;
    console.log(JSON.stringify({ heapSizeLimitBytes, memoryBytes, workerOldMib }));
    process.exit();
  });
`;

interface Told {
  readonly heapSizeLimitBytes: number;
  readonly memoryBytes: number;
  readonly workerOldMib: number;
}

async function ask(flags: string[], shellBefore?: string): Promise<Told & { readonly oldMib: number }> {
  const result = await runNode({
    args: [...flags, '-e', TELL],
    preload: 'none',
    ...(shellBefore === undefined ? {} : { shellBefore }),
  });
  assert.equal(result.code, 0, result.report);
  const told = JSON.parse(result.stdout) as Told;
  const nodeMajor = Number.parseInt(process.versions.node, 10);
  return { ...told, oldMib: oldGenerationLimitBytes({ ...told, nodeMajor, flags: parseHeapFlags(flags, '') }) / MIB };
}

test('agrees with this Node.js without flags, and with a semi-space', async () => {
  const told = await Promise.all([ask([]), ask(['--max-semi-space-size=3'])]);
  for (const { oldMib, workerOldMib } of told) assert.equal(oldMib, workerOldMib);
});

test('agrees with this Node.js in containers', { skip: whyNoMemoryGroups() ?? false }, async () => {
  for (const memoryMib of [256, 600, 1024, 3000]) {
    const group = createMemoryGroup(memoryMib * MIB);
    try {
      const { oldMib, workerOldMib } = await ask([], group.enter);
      assert.equal(oldMib, workerOldMib, `in ${memoryMib} MiB`);
    } finally {
      group.remove();
    }
  }
});

const noPercentage = process.allowedNodeEnvironmentFlags.has('--max-old-space-size-percentage')
  ? false
  : `Node ${process.version} has no --max-old-space-size-percentage`;

test('agrees with this Node.js about a percentage', { skip: noPercentage }, async () => {
  const { oldMib, memoryBytes } = await ask(['--max-old-space-size-percentage=12.5', '--max-old-space-size=100']);
  assert.equal(oldMib, Math.floor((memoryBytes / MIB) * 0.125));
});

/** Retains objects and tells, every so often, what V8's old spaces hold, until V8 ends it. */
const FILL = `
  const { getHeapSpaceStatistics } = require('node:v8');
  const { writeSync } = require('node:fs');
  const young = ['new_space', 'new_large_object_space', 'read_only_space'];
  const kept = [];
  for (;;) {
    for (let i = 0; i < 2000; i += 1) kept.push({ i, list: [i, i + 1, i + 2] });
    let used = 0;
    for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
      if (!young.includes(space_name)) used += space_used_size;
    }
    writeSync(1, used + ' ');
  }
`;

test('is where a real process dies', async () => {
  const flags = ['--max-old-space-size=64', '--max-semi-space-size=8'];
  const result = await runNode({ args: [...flags, '-e', FILL], preload: 'none' });
  assert.match(result.stderr, /heap out of memory/, result.report);
  const most = Math.max(...result.stdout.trim().split(' ').map(Number));
  const limit = limitMib(Number.parseInt(process.versions.node, 10), 24_105, 64 + 24, flags) * MIB;
  assert.ok(most > 0.8 * limit && most < 1.03 * limit, `died at ${most} of ${limit}`);
});
