import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import { COL, createRow, type ReadingName } from '../../../agent/model/row.ts';
import type { Source } from '../../../agent/model/source.ts';
import { createCgroupSource } from '../../../instrumentation/sources/cgroup.ts';
import { sourceContract } from '../../contracts/source.ts';
import { FIXTURES, treeWorld } from './cgroup-world.ts';

const MB = 1 << 20;

sourceContract({
  module: 'instrumentation/sources/cgroup.ts',
  factory: 'createCgroupSource',
  create: createCgroupSource,
  garbageBytes: 1024,
});

/** A copy of a fixture tree that the test may change, and the source that reads it. */
function changeable(context: TestContext, fixture: string) {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup-'));
  cpSync(join(FIXTURES, fixture), root, { recursive: true });
  const clock = { nowMs: 1_000_000 };
  const source = createCgroupSource(treeWorld(root, clock));
  context.after(() => {
    source.close();
    rmSync(root, { recursive: true });
  });
  return { root, clock, source, write: (path: string, text: string) => writeFileSync(join(root, path), text) };
}

function read(source: Source, ...readings: ReadingName[]): (number | undefined)[] {
  const row = createRow();
  source.read(row);
  return readings.map((reading) => row[COL[reading]]);
}

const JOB = 'sys/fs/cgroup/batch/job';
const BATCH = 'sys/fs/cgroup/batch';

test('follows a limit that is changed in place, at the next read', (t) => {
  const { source, write } = changeable(t, 'v2-nested-tighter-parent');
  write(`${BATCH}/memory.max`, `${500 * MB}\n`);
  assert.deepEqual(read(source, 'cgroupLimitBytes', 'cgroupUsageBytes'), [500 * MB, 390 * MB]);
  write(`${BATCH}/memory.max`, `${2000 * MB}\n`);
  write(`${JOB}/memory.max`, `${120 * MB}\n`);
  assert.deepEqual(read(source, 'cgroupLimitBytes', 'cgroupUsageBytes'), [120 * MB, 110 * MB]);
});

test('notices within five seconds a limit that appears on an ancestor that had none', (t) => {
  const { source, write, clock } = changeable(t, 'v2-high-of-parent');
  write('sys/fs/cgroup/batch/memory.high', 'max\n');
  read(source);
  write('sys/fs/cgroup/batch/memory.max', `${160 * MB}\n`);
  assert.deepEqual(read(source, 'cgroupLimitBytes'), [1024 * MB]);
  clock.nowMs += 5_000;
  assert.deepEqual(read(source, 'cgroupLimitBytes', 'cgroupUnreclaimableBytes'), [160 * MB, 150 * MB]);
});

test('notices within five seconds a tighter limit of an ancestor that cannot be seen', (t) => {
  const { source, write, clock } = changeable(t, 'v1-container-hidden-tighter-ancestor');
  const stat = (limit: number): string => `hierarchical_memory_limit ${limit}\ntotal_rss ${120 * MB}\ntotal_shmem 0\n`;
  write('sys/fs/cgroup/memory/memory.stat', stat(180 * MB));
  clock.nowMs += 5_000;
  assert.deepEqual(read(source, 'cgroupLimitBytes'), [180 * MB]);
});

test('notices within a minute that the process was moved to another group', (t) => {
  const { root, source, write, clock } = changeable(t, 'v2-nested-tighter-parent');
  mkdirSync(join(root, 'sys/fs/cgroup/elsewhere'));
  cpSync(join(root, JOB), join(root, 'sys/fs/cgroup/elsewhere/job'), { recursive: true });
  write('proc/self/cgroup', '0::/elsewhere/job\n');
  clock.nowMs += 59_000;
  assert.deepEqual(read(source, 'cgroupLimitBytes'), [400 * MB]);
  clock.nowMs += 1_000;
  assert.deepEqual(read(source, 'cgroupLimitBytes'), [1024 * MB]);
  assert.equal(source.facts()['path'], '/elsewhere/job');
});

test('takes the own group as soon as the memory controller is enabled for it', (t) => {
  const { root, source, clock } = changeable(t, 'v2-no-controller-at-leaf');
  const service = join(root, 'sys/fs/cgroup/system.slice/app.service');
  cpSync(join(service, 'memory.max'), join(service, 'worker/memory.max'));
  cpSync(join(service, 'memory.current'), join(service, 'worker/memory.current'));
  assert.equal(source.facts()['levels'], 2);
  clock.nowMs += 60_000;
  read(source);
  assert.equal(source.facts()['levels'], 3);
});

test('counts events and stall times on when another level becomes the fullest', (t) => {
  const { source, write } = changeable(t, 'v2-nested-tighter-parent');
  assert.deepEqual(read(source, 'cgroupEventsMax', 'cgroupStallSomeSeconds'), [41, 9]);
  write(`${JOB}/memory.max`, `${101 * MB}\n`);
  write(`${JOB}/memory.events`, 'low 0\nhigh 0\nmax 7\noom 0\noom_kill 0\n');
  assert.deepEqual(read(source, 'cgroupLimitBytes', 'cgroupEventsMax', 'cgroupStallSomeSeconds'), [101 * MB, 41, 9]);
  write(`${JOB}/memory.events`, 'low 0\nhigh 0\nmax 9\noom 0\noom_kill 0\n');
  write(
    `${JOB}/memory.pressure`,
    'some avg10=0 avg60=0 avg300=0 total=500000\nfull avg10=0 avg60=0 avg300=0 total=0\n',
  );
  assert.deepEqual(read(source, 'cgroupEventsMax', 'cgroupStallSomeSeconds'), [43, 9.5]);
});

test('finds a file that appears later, such as PSI that is switched on', (t) => {
  const { root, source } = changeable(t, 'v2-psi-not-supported');
  assert.equal(source.facts()['psi'], false);
  const pressure = join(root, 'sys/fs/cgroup/system.slice/app.service/memory.pressure');
  renameSync(pressure, `${pressure}-was`);
  writeFileSync(pressure, 'some avg10=0 avg60=0 avg300=0 total=7\nfull avg10=0 avg60=0 avg300=0 total=7\n');
  for (let i = 0; i < 40; i += 1) read(source);
  assert.equal(source.facts()['psi'], true);
});

test('probes nothing but the usage of the binding level', (t) => {
  const { source, write } = changeable(t, 'v2-nested-tighter-parent');
  const row = createRow();
  source.read(row);
  write(`${BATCH}/memory.current`, `${395 * MB}\n`);
  write(`${JOB}/memory.current`, `${300 * MB}\n`);
  source.probe?.(row);
  assert.equal(row[COL.cgroupUsageBytes], 395 * MB);
});

test('says that there are no cgroups on another platform, and reads nothing', () => {
  const source = createCgroupSource({ ...treeWorld(join(FIXTURES, 'v2')), platform: 'darwin' });
  assert.equal(source.facts()['version'], 'none');
  assert.ok(source.unavailable().every((gap) => gap.code === 'platform'));
  assert.equal(source.unavailable().length, source.readings.length);
  assert.ok(Number.isNaN(read(source, 'cgroupUsageBytes')[0]));
  assert.ok(!('probe' in source));
});

const FILES = ['max', 'high', 'current', 'stat', 'events', 'peak', 'pressure', 'swap.current', 'swap.max'].map(
  (name) => `sys/fs/cgroup/batch/job/memory.${name}`,
);
const V1_FILES = ['limit_in_bytes', 'usage_in_bytes', 'stat', 'failcnt', 'oom_control', 'kmem.usage_in_bytes'].map(
  (name) => `sys/fs/cgroup/memory/batch/job/memory.${name}`,
);
const PROC_FILES = ['proc/self/cgroup', 'proc/self/mountinfo', 'proc/meminfo'];

/** Bytes as a kernel file could hold them after something went very wrong: real keys, wrong values, and plain noise. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom('max\n', '0\n', '-1\n', '9223372036854771712\n', '18446744073709551615\n', '', 'total_rss max\n'),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map((value) => `${value}\n`),
  fc
    .array(
      fc.tuple(
        fc.constantFrom(
          'anon',
          'shmem',
          'kernel',
          'sock',
          'slab_reclaimable',
          'total_rss',
          'total_shmem',
          'max',
          'some',
        ),
        fc.oneof(fc.nat(), fc.constantFrom('', 'x', '-3', 'max', 'total=5')),
      ),
    )
    .map((pairs) => pairs.map(([key, value]) => `${key} ${value}\n`).join('')),
);

for (const [fixture, files] of [
  ['v2-nested-tighter-parent', [...FILES, ...PROC_FILES]],
  ['v1-nested-tighter-parent', [...V1_FILES, ...PROC_FILES]],
] as const) {
  test(`gives only sound numbers and never throws, whatever the files of ${fixture} hold`, (t) => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup-'));
    t.after(() => rmSync(root, { recursive: true }));
    cpSync(join(FIXTURES, fixture), root, { recursive: true });
    const damage = fc.tuple(fc.constantFrom(...files), content);
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        for (const [path, bytes] of damages) writeFileSync(join(root, path), bytes);
        const source = createCgroupSource(treeWorld(root));
        const row = createRow();
        source.read(row);
        source.probe?.(row);
        source.read(row);
        const gaps = new Set(source.unavailable().map((gap) => gap.reading));
        source.close();
        for (const [path] of damages) {
          rmSync(join(root, path));
          if (existsSync(join(FIXTURES, fixture, path))) cpSync(join(FIXTURES, fixture, path), join(root, path));
        }
        for (const reading of source.readings) {
          const value = row[COL[reading]] ?? Number.NaN;
          assert.ok(Number.isNaN(value) || value >= 0, `${reading} is ${value}`);
          assert.equal(gaps.has(reading), Number.isNaN(value), `${reading} is ${value}`);
        }
        const [usage = 0, unreclaimable = 0] = [row[COL.cgroupUsageBytes], row[COL.cgroupUnreclaimableBytes]];
        assert.ok(!(unreclaimable > usage), `${unreclaimable} of ${usage} unreclaimable`);
        assert.ok(usage !== Number.POSITIVE_INFINITY);
      }),
      { numRuns: 200 },
    );
  });
}

test("the own group's kills are read as the kernel counts them there, whichever level binds", (context) => {
  const { source, root, write } = changeable(context, 'v2-nested-tighter-parent');
  assert.deepEqual(read(source, 'cgroupEventsOomKill', 'cgroupOwnOomKills'), [1, 0]);
  write('sys/fs/cgroup/batch/job/memory.events', 'low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n');
  assert.deepEqual(read(source, 'cgroupEventsOomKill', 'cgroupOwnOomKills'), [1, 2]);
  const { ownPath, ownInode } = source.facts();
  assert.equal(ownPath, '/sys/fs/cgroup/batch/job');
  assert.equal(ownInode, String(statSync(join(root, ownPath)).ino));
});
