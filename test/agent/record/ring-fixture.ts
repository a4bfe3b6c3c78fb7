/** Recorders and folders for the tests of agent/record. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RingNote } from '../../../agent/model/note.ts';
import type { Read } from '../../../agent/record/open-ring.ts';
import type { RecorderOptions } from '../../../agent/record/create.ts';
import { createRecorder, type Recorder } from '../../../agent/record/writer.ts';

export function temporaryDirectory(context: Pick<TestContext, 'after'>, parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'plimsoll-record-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export const START_WALL_MS = Date.UTC(2026, 10, 21, 23, 17, 45, 123);

export function recorderOptions(directory: string, changes: Partial<RecorderOptions> = {}): RecorderOptions {
  return {
    directory,
    identity: {
      serviceName: 'checkout',
      process: 'main',
      agentVersion: '0.1.0',
      nodeVersion: 'v24.21.0',
      mode: 'observe',
      exporter: 'none',
      resource: { 'k8s.pod.name': 'checkout-5d9' },
      pid: 1,
      heapFlags: ['--max-old-space-size=192'],
      startWallMs: START_WALL_MS,
      startMonotonicMs: 17.5,
    },
    facts: { 'cgroup.path': '/kubepods/pod1', 'cgroup.version': 2, 'cgroup.nested': true },
    policy: {
      thresholds: { enter: [undefined, 0.8, 0.9], exit: [undefined, 0.75, 0.85] },
      budgetThresholds: { enter: [0.8, 1, 1.1], exit: [0.75, 0.95, 1.05] },
      confirmSamples: 2,
      dwellMs: 5000,
      coolDownMs: 10_000,
    },
    ...changes,
  };
}

export function record(directory: string, changes?: Partial<RecorderOptions>): Recorder {
  const result = createRecorder(recorderOptions(directory, changes));
  assert.ok(result.ok, JSON.stringify(result));
  return result.recorder;
}

/** Of a process in which nothing happened yet. */
export const EMPTY_NOTE: RingNote = {
  wallMs: START_WALL_MS,
  mode: 'observe',
  exporter: 'none',
  names: [],
  degraded: [],
  actions: [],
  caches: [],
  cacheAccounts: undefined,
  reclaimed: [],
  shed: [],
  adaptives: [],
  events: [],
};

/** The reading, or a failed test that says the problem. */
export function readable<T>(result: Read<T>): T {
  assert.ok(result.ok, JSON.stringify(result));
  return result.reading;
}

export function unreadableReason(result: Read<unknown>): string {
  assert.ok(!result.ok);
  assert.equal(result.problem.code, 'PLM_RING_UNREADABLE');
  assert.doesNotMatch(result.problem.message, /\n/);
  return result.problem.message;
}

/** Of this process, by which the recorder's file is open. */
export function openDescriptors(recorder: Recorder): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return basename(readlinkSync(`/proc/self/fd/${fd}`)) === basename(recorder.path);
      } catch {
        return false; // the descriptor of this very listing
      }
    });
}

export const NOBODY = { uid: 65_534, gid: 65_534 };
export const AS_ROOT = { skip: process.getuid?.() === 0 ? false : 'needs root to be somebody else' };

/** What `step` does as another user of this process; a mode of files is only felt by who is not root. */
export function as<T>(user: typeof NOBODY, step: () => T): T {
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([]);
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return step();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
