/**
 * Every tree of test/fixtures/cgroups against the columns it must give. The folder's name says the case; the shapes of
 * /proc/self/cgroup and mountinfo are those of Docker, containerd, Kubernetes, podman and systemd, with names changed.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { COL, createRow, type ReadingName } from '../../../agent/model/row.ts';
import type { Unavailable } from '../../../agent/model/source.ts';
import { createCgroupSource } from '../../../instrumentation/sources/cgroup.ts';
import { fixtureWorld, FIXTURES } from './cgroup-world.ts';

const MB = 1 << 20;
const NONE = Number.POSITIVE_INFINITY;
const UNKNOWN = Number.NaN;

interface Expected {
  readonly version: 'v1' | 'v2' | 'none';
  readonly mode: 'unified' | 'legacy' | 'hybrid' | 'none';
  readonly levels: number;
  /** End of the binding level's path. */
  readonly binding: string;
  /** MB: limit, usage and unreclaimable use of the binding level. */
  readonly use: readonly [limit: number, usage: number, unreclaimable: number];
  readonly columns?: Partial<Record<ReadingName, number>>;
  readonly gaps?: Partial<Record<ReadingName, Unavailable['code']>>;
}

const SERVICE = { version: 'v2', mode: 'unified', levels: 2, binding: '/system.slice/app.service' } as const;
const V1 = { version: 'v1', mode: 'legacy' } as const;
const V2 = { version: 'v2', mode: 'unified' } as const;
const FULL = [512, 320, 132] as const;
const ALL_UNKNOWN = [UNKNOWN, UNKNOWN, UNKNOWN] as const;

const CASES: Readonly<Record<string, Expected>> = {
  v1: {
    ...V1,
    levels: 3,
    binding: '/system.slice/app.service',
    use: [512, 300, 130],
    columns: {
      cgroupWorkingSetBytes: 180 * MB,
      cgroupPeakBytes: 333 * MB,
      cgroupHighLimitBytes: NONE,
      cgroupSwapUsageBytes: 3 * MB,
      cgroupSwapLimitBytes: 256 * MB,
      cgroupAnonBytes: 100 * MB,
      cgroupShmemBytes: 20 * MB,
      cgroupActiveFileBytes: 40 * MB,
      cgroupInactiveFileBytes: 120 * MB,
      cgroupKernelBytes: 10 * MB,
      cgroupOtherBytes: 10 * MB,
      cgroupEventsMax: 7,
      cgroupEventsOomKill: 2,
    },
    gaps: {
      cgroupSlabReclaimableBytes: 'unsupported',
      cgroupSockBytes: 'unsupported',
      cgroupEventsOom: 'unsupported',
      cgroupStallSomeSeconds: 'unsupported',
    },
  },
  'v1-nested-tighter-parent': {
    ...V1,
    levels: 3,
    binding: '/memory/batch',
    use: [400, 390, 358],
    // v1 counts a kill at the victim's own group only.
    columns: { cgroupEventsMax: 41, cgroupEventsOomKill: 3, cgroupOwnOomKills: 3, cgroupPeakBytes: 399 * MB },
  },
  'v1-docker-bind-mounted-root': { ...V1, levels: 1, binding: '/memory', use: [256, 200, 95] },
  'v1-container-hidden-tighter-ancestor': { ...V1, levels: 1, binding: '/memory', use: [200, 150, 125] },
  'v1-path-does-not-concatenate': { ...V1, levels: 1, binding: '/memory', use: [300, 150, 120] },
  'v1-without-use-hierarchy': { ...V1, levels: 1, binding: '/memory/batch/job', use: [1024, 110, 100] },
  'v1-huge-numbers': {
    ...V1,
    levels: 2,
    binding: '/memory/app',
    use: [NONE, 100, 70],
    columns: { cgroupSwapLimitBytes: NONE },
  },
  'v1-missing-files': {
    ...V1,
    levels: 1,
    binding: '/memory/app',
    use: [200, 100, 70],
    gaps: {
      cgroupKernelBytes: 'missing',
      cgroupPeakBytes: 'missing',
      cgroupSwapLimitBytes: 'missing',
      cgroupEventsMax: 'missing',
      cgroupEventsOomKill: 'missing',
    },
  },
  'v1-mount-point-with-space': { ...V1, levels: 2, binding: '/cg groups/memory/app', use: [200, 100, 70] },
  hybrid: {
    version: 'v1',
    mode: 'hybrid',
    levels: 2,
    binding: '/memory/app',
    use: [200, 100, 70],
    // The v2 half has a memory.pressure, but of another group.
    gaps: { cgroupStallSomeSeconds: 'unsupported' },
  },
  v2: {
    ...SERVICE,
    use: FULL,
    columns: {
      cgroupWorkingSetBytes: 200 * MB,
      cgroupPeakBytes: 333 * MB,
      cgroupHighLimitBytes: 400 * MB,
      cgroupHighUnreclaimableBytes: 132 * MB,
      cgroupSwapUsageBytes: 7 * MB,
      cgroupSwapLimitBytes: 64 * MB,
      cgroupAnonBytes: 100 * MB,
      cgroupShmemBytes: 20 * MB,
      cgroupActiveFileBytes: 40 * MB,
      cgroupInactiveFileBytes: 120 * MB,
      cgroupSlabReclaimableBytes: 6 * MB,
      cgroupKernelBytes: 10 * MB,
      cgroupSockBytes: 2 * MB,
      cgroupOtherBytes: 22 * MB,
      cgroupEventsLow: 1,
      cgroupEventsHigh: 22,
      cgroupEventsMax: 3,
      cgroupEventsOom: 4,
      cgroupEventsOomKill: 5,
      cgroupStallSomeSeconds: 1.5,
      cgroupStallFullSeconds: 0.25,
    },
  },
  'v2-nested-tighter-parent': {
    ...V2,
    levels: 2,
    binding: '/sys/fs/cgroup/batch',
    use: [400, 390, 355],
    columns: { cgroupEventsMax: 41, cgroupEventsOomKill: 1, cgroupStallSomeSeconds: 9, cgroupAnonBytes: 350 * MB },
  },
  'v2-nested-fuller-by-page-cache-only': { ...V2, levels: 2, binding: '/batch/job', use: [200, 110, 100] },
  'v2-high-of-parent': {
    ...V2,
    levels: 2,
    binding: '/batch/job',
    use: [1024, 110, 100],
    columns: { cgroupHighLimitBytes: 250 * MB, cgroupHighUnreclaimableBytes: 150 * MB },
  },
  'v2-max': {
    ...SERVICE,
    use: [NONE, 320, 132],
    columns: { cgroupHighLimitBytes: NONE, cgroupHighUnreclaimableBytes: 132 * MB, cgroupSwapLimitBytes: NONE },
  },
  'v2-limit-above-host-memory': { ...SERVICE, use: [NONE, 320, 132], columns: { cgroupHighLimitBytes: NONE } },
  'v2-limit-lower-than-usage': { ...SERVICE, use: [100, 320, 132] },
  'v2-limit-zero': { ...SERVICE, use: [0, 0, 0] },
  'v2-locked-memory': { ...SERVICE, use: [256, 131, 129] },
  'v2-stat-ahead-of-usage': { ...SERVICE, use: [256, 90, 90], columns: { cgroupOtherBytes: 0 } },
  'v2-before-linux-5.18': {
    ...SERVICE,
    use: [512, 320, 109],
    columns: { cgroupKernelBytes: 9 * MB, cgroupSlabReclaimableBytes: 6 * MB },
    gaps: { cgroupPeakBytes: 'missing' },
  },
  'v2-missing-files': {
    ...SERVICE,
    use: FULL,
    gaps: {
      cgroupPeakBytes: 'missing',
      cgroupSwapUsageBytes: 'missing',
      cgroupSwapLimitBytes: 'missing',
      cgroupEventsOomKill: 'missing',
      cgroupStallFullSeconds: 'missing',
    },
  },
  'v2-missing-stat': {
    ...SERVICE,
    use: [512, 320, UNKNOWN],
    gaps: { cgroupUnreclaimableBytes: 'missing', cgroupAnonBytes: 'missing', cgroupWorkingSetBytes: 'missing' },
  },
  'v2-garbage': {
    ...SERVICE,
    use: ALL_UNKNOWN,
    gaps: { cgroupLimitBytes: 'malformed', cgroupUsageBytes: 'malformed', cgroupUnreclaimableBytes: 'malformed' },
  },
  'v2-empty-files': {
    ...SERVICE,
    use: ALL_UNKNOWN,
    gaps: { cgroupLimitBytes: 'malformed', cgroupEventsMax: 'malformed', cgroupStallSomeSeconds: 'malformed' },
  },
  'v2-truncated': {
    ...SERVICE,
    use: [512, 320, UNKNOWN],
    columns: { cgroupAnonBytes: 100 * MB, cgroupEventsLow: 1, cgroupEventsHigh: 2, cgroupStallSomeSeconds: 1.5 },
    gaps: {
      cgroupUnreclaimableBytes: 'malformed',
      cgroupShmemBytes: 'malformed',
      cgroupEventsMax: 'malformed',
      cgroupStallFullSeconds: 'malformed',
    },
  },
  'v2-no-controller-at-leaf': { ...SERVICE, use: FULL },
  'v2-no-controller-anywhere': {
    version: 'none',
    mode: 'unified',
    levels: 0,
    binding: '',
    use: ALL_UNKNOWN,
    gaps: { cgroupUsageBytes: 'missing' },
  },
  'v2-container-namespace': { ...V2, levels: 1, binding: '/sys/fs/cgroup', use: FULL },
  'v2-container-host-namespace': { ...V2, levels: 2, binding: '.scope', use: FULL },
  'v2-bind-mounted-root': { ...V2, levels: 1, binding: '/sys/fs/cgroup', use: FULL },
  'v2-process-outside-namespace-root': { ...V2, levels: 1, binding: '/sys/fs/cgroup', use: FULL },
  'v2-mount-above-namespace-root': { ...V2, levels: 2, binding: '/sys/fs/cgroup/batch/job', use: FULL },
  'v2-namespace-below-unnamed-ancestors': { ...V2, levels: 4, binding: '/sys/fs/cgroup/lxc/web', use: [400, 330, 180] },
  // The mount point is somebody's group, but perhaps not an ancestor of ours that tells our limit: better nothing than that.
  'v2-namespace-not-found-below-mount': {
    version: 'none',
    mode: 'unified',
    levels: 0,
    binding: '',
    use: ALL_UNKNOWN,
    gaps: { cgroupLimitBytes: 'missing' },
  },
  'v2-two-mounts-one-shows-ancestors': { ...V2, levels: 3, binding: '/pod.slice', use: [400, 330, 180] },
  'v2-kubernetes-pod-limit': {
    ...V2,
    levels: 4,
    binding: 'burstable-podb96a7488_3ee1_4bdc_9c98_155cc887b417.slice',
    use: [512, 450, 430],
    columns: { cgroupEventsMax: 9, cgroupPeakBytes: 500 * MB, cgroupShmemBytes: 40 * MB },
  },
  'v2-systemd-user-slice': { ...V2, levels: 5, binding: '/user-1000.slice', use: [2048, 850, 800] },
  'v2-psi-not-supported': {
    ...SERVICE,
    use: FULL,
    gaps: { cgroupStallSomeSeconds: 'unsupported', cgroupStallFullSeconds: 'unsupported' },
  },
  'mountinfo-hidden': { ...V2, levels: 1, binding: '/sys/fs/cgroup', use: FULL },
  'no-cgroup': {
    version: 'none',
    mode: 'none',
    levels: 0,
    binding: '',
    use: ALL_UNKNOWN,
    gaps: { cgroupLimitBytes: 'missing', cgroupUsageBytes: 'missing' },
  },
  'proc-garbage': { version: 'none', mode: 'none', levels: 0, binding: '', use: ALL_UNKNOWN },
};

for (const [name, expected] of Object.entries(CASES)) {
  test(`gives the expected columns for ${name}`, () => {
    const source = createCgroupSource(fixtureWorld(name));
    const row = createRow();
    source.read(row);

    const facts = source.facts();
    assert.deepEqual(
      { version: facts['version'], mode: facts['mode'], levels: facts['levels'] },
      { version: expected.version, mode: expected.mode, levels: expected.levels },
    );
    assert.ok(String(facts['bindingPath']).endsWith(expected.binding), `binding level is ${facts['bindingPath']}`);

    const [limit, usage, unreclaimable] = expected.use;
    const columns: Partial<Record<ReadingName, number>> = {
      cgroupLimitBytes: limit * MB,
      cgroupUsageBytes: usage * MB,
      cgroupUnreclaimableBytes: unreclaimable * MB,
      ...expected.columns,
    };
    const actual = Object.fromEntries(Object.keys(columns).map((key) => [key, row[COL[key as ReadingName]]]));
    assert.deepEqual(actual, columns);

    const gaps = Object.fromEntries(source.unavailable().map((gap) => [gap.reading, gap.code]));
    for (const [reading, code] of Object.entries(expected.gaps ?? {})) assert.equal(gaps[reading], code, reading);
    source.close();
  });

  test(`says why for exactly the readings that ${name} does not have`, () => {
    const source = createCgroupSource(fixtureWorld(name));
    const row = createRow();
    source.read(row);
    const missing = source.readings.filter((reading) => Number.isNaN(row[COL[reading]]));
    const gaps = source.unavailable();
    assert.deepEqual(
      gaps.map((gap) => gap.reading),
      missing,
    );
    for (const gap of gaps) {
      assert.equal(gap.source, 'cgroup');
      assert.ok(gap.detail.length > 0 && gap.repair.length > 0, gap.reading);
    }
    source.close();
  });
}

test('has an expectation for every fixture tree', () => {
  assert.deepEqual(readdirSync(FIXTURES).toSorted(), Object.keys(CASES).toSorted());
});
