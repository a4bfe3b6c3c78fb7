import assert from 'node:assert/strict';
import { test } from 'node:test';

import { diagnose, type Evidence } from '../../../agent/cli/diagnosis.ts';
import { findingsOf, type Finding } from '../../../agent/cli/findings.ts';
import type { Options } from '../../../agent/config/options.ts';
import { problem } from '../../../agent/model/problem.ts';
import { ordinarySnapshot } from '../../helpers/snapshot.ts';

const MIB = 2 ** 20;
const CGROUP = {
  version: 'v2',
  mode: 'unified',
  path: '/',
  mount: '/sys/fs/cgroup',
  levels: 1,
  bindingPath: '/sys/fs/cgroup',
  psi: true,
};

function evidence(changes: Partial<Evidence> = {}): Evidence {
  const { row } = ordinarySnapshot({ heapSizeLimitBytes: 259 * MIB });
  return {
    sensed: { row, facts: { cgroup: CGROUP }, degraded: [] },
    options: {} as Options,
    problems: [],
    listener: { url: 'http://127.0.0.1:19464/healthz', state: 'answers', detail: '200 ok' },
    directory: undefined,
    recordings: [],
    nodeVersion: '24.21.0',
    nodeOptions: '',
    imageLimitBytes: undefined,
    ...changes,
  };
}

function found(changes: Partial<Evidence>, topic: string): Finding | undefined {
  return findingsOf(diagnose(evidence(changes))).find((each) => each.topic === topic);
}

test('a service that fits has nothing that does not', () => {
  const states = findingsOf(diagnose(evidence())).map(({ state }) => state);
  assert.ok(!states.includes('misfit') && !states.includes('degraded'), states.join());
});

test('an unsupported Node.js is a misfit', () => {
  assert.equal(found({ nodeVersion: '22.15.0' }, 'node')?.state, 'ok');
  assert.equal(found({ nodeVersion: '23.0.0' }, 'node')?.state, 'ok');
  assert.equal(found({ nodeVersion: '22.14.9' }, 'node')?.state, 'misfit');
  assert.equal(found({ nodeVersion: '20.20.0' }, 'node')?.state, 'misfit');
});

test('the image limit is judged instead of the limit that was found', () => {
  const finding = found({ imageLimitBytes: 256 * MIB }, 'fit');
  assert.equal(finding?.state, 'misfit');
  assert.match(
    finding?.text ?? '',
    /old 256 MiB \+ young 3 MiB \+ 64 MiB for everything else is more than a container of 256 MiB/,
  );
  assert.equal(finding?.repair, 'set NODE_OPTIONS=--max-old-space-size=189, or raise the limit');
  assert.equal(found({ imageLimitBytes: 512 * MIB }, 'fit')?.state, 'ok');
});

test('a percentage in NODE_OPTIONS has to go, since it wins over the flag', () => {
  const finding = found({ imageLimitBytes: 256 * MIB, nodeOptions: '--max-old-space-size-percentage=90' }, 'fit');
  assert.match(finding?.repair ?? '', /take --max-old-space-size-percentage out/);
});

test('memory.high below the heap is told', () => {
  const { row } = ordinarySnapshot({ heapSizeLimitBytes: 259 * MIB, cgroupHighLimitBytes: 300 * MIB });
  const sensed = { row, facts: { cgroup: CGROUP }, degraded: [] };
  assert.equal(found({ sensed }, 'throttle')?.state, 'info');
  assert.equal(found({}, 'throttle'), undefined);
});

test('a problem of the configuration and a folder that cannot be written are misfits', () => {
  assert.equal(found({ problems: [problem('PLM_OPTION_UNKNOWN', 'x')] }, 'configuration')?.state, 'misfit');
  assert.equal(found({ directory: { path: '/a', writable: false, detail: 'EROFS' } }, 'directory')?.state, 'misfit');
  assert.equal(found({ directory: { path: '/a', writable: true, detail: 'is writable' } }, 'directory')?.state, 'ok');
});

test('nobody listening is information, somebody else on the port is not', () => {
  const listener = (state: Evidence['listener']['state']) =>
    found({ listener: { url: 'u', state, detail: '' } }, 'listener')?.state;
  assert.deepEqual(
    [listener('answers'), listener('nothing'), listener('any-port'), listener('not-ready'), listener('foreign')],
    ['ok', 'info', 'info', 'degraded', 'degraded'],
  );
});

test('every degraded reading comes with its repair', () => {
  const { row, degraded } = ordinarySnapshot();
  const finding = found({ sensed: { row, facts: {}, degraded } }, 'cgroup_unsupported');
  assert.deepEqual([finding?.state, finding?.repair], ['degraded', 'boot with psi=1']);
});

test('without any limit the heap cannot miss one', () => {
  const { row } = ordinarySnapshot({ cgroupLimitBytes: Number.NaN, hostTotalBytes: Number.NaN });
  assert.equal(found({ sensed: { row, facts: {}, degraded: [] } }, 'fit')?.state, 'info');
});

test('where there is no cgroup nobody is told to boot another kernel', () => {
  const { row } = ordinarySnapshot();
  const facts = { cgroup: { ...CGROUP, version: 'none', mode: 'none', psi: false } };
  const finding = found({ sensed: { row, facts, degraded: [] } }, 'psi');
  assert.deepEqual([finding?.state, finding?.repair], ['info', undefined]);
});
