import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import type { RingHeader } from '../../../agent/record/header.ts';
import { pidNamespace, pidStateOf } from '../../../agent/sidecar/pid.ts';

const skip = process.platform === 'linux' ? false : 'needs /proc';

/** What pidStateOf reads of it. */
function headerOf(pid: number, startWallMs: number, namespace = pidNamespace()): RingHeader {
  return { identity: { pid, startWallMs }, facts: { 'process.pidNamespace': namespace } } as unknown as RingHeader;
}

test('a process is alive, then gone, and its number means nothing in another namespace', { skip }, async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const pid = child.pid ?? 0;
  const header = headerOf(pid, Date.now());
  assert.equal(pidStateOf(header, pidNamespace()), 'alive');
  assert.equal(pidStateOf(headerOf(pid, Date.now(), 'pid:[1]'), pidNamespace()), 'unknown');
  assert.equal(pidStateOf(header, ''), 'unknown');
  child.stdin.end();
  await once(child, 'exit');
  assert.equal(pidStateOf(header, pidNamespace()), 'gone');
});

test('a number that was given again half a second later is of another process', { skip }, () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const startedMs = Date.now();
  assert.equal(pidStateOf(headerOf(child.pid ?? 0, startedMs - 500), pidNamespace()), 'gone');
  child.stdin.end();
});

test(
  'in a container that was started again at once, with the numbers of the one before, our own pid is of a dead one',
  {
    skip,
  },
  () => {
    assert.equal(pidStateOf(headerOf(process.pid, Date.now()), pidNamespace()), 'gone');
  },
);
