import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deathSignal, exitCodeOf, isDeath, recordingOf, type Ending } from '../../../agent/cli/death.ts';
import { deathReport } from '../../../agent/cli/death-report.ts';
import { isLive, type Recording } from '../../../agent/cli/recording.ts';
import type { ColumnName } from '../../../agent/model/row.ts';
import { rowOf } from '../../helpers/snapshot.ts';

const MIB = 2 ** 20;
const NOW_MS = 1_795_300_000_000;

interface Made {
  readonly values?: Partial<Record<ColumnName, number>>;
  readonly end?: { readonly exitCode: number };
  readonly pid?: number;
  readonly startWallMs?: number;
}

function recording({ values = {}, end, pid = 7, startWallMs = NOW_MS - 5000 }: Made): Recording {
  const identity = { pid } as Recording['header']['identity'];
  return {
    header: { identity } as Recording['header'],
    record: { sequence: 1, row: rowOf({ wallMs: NOW_MS - 40, agentIntervalSeconds: 1, level: 0, ...values }) },
    note: undefined,
    end: end === undefined ? undefined : { ...end, wallMs: NOW_MS, lastSequence: 1 },
    path: '/tmp/x.ring',
    startWallMs,
  };
}

const killed = (signal: NodeJS.Signals): Ending => ({ code: null, signal });
const exited = (code: number): Ending => ({ code, signal: null });

test('the exit code is the child’s, or 128 + n', () => {
  assert.equal(exitCodeOf(exited(7)), 7);
  assert.equal(exitCodeOf(killed('SIGKILL')), 137);
  assert.equal(exitCodeOf(killed('SIGABRT')), 134);
  assert.equal(exitCodeOf(killed('SIGTERM')), 143);
});

test('a shell’s 128 + n is a signal, unless the program itself said so with its last breath', () => {
  assert.equal(deathSignal(exited(137), recording({})), 'SIGKILL');
  assert.equal(deathSignal(exited(137), undefined), 'SIGKILL');
  assert.equal(deathSignal(exited(137), recording({ end: { exitCode: 137 } })), undefined);
  assert.equal(deathSignal(exited(1), undefined), undefined);
});

test('a death is a signal that nobody sends to say goodbye, or a failure under high pressure', () => {
  assert.equal(isDeath(killed('SIGKILL'), undefined), true);
  assert.equal(isDeath(killed('SIGABRT'), undefined), true);
  assert.equal(isDeath(exited(134), undefined), true);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) {
    assert.equal(isDeath(killed(signal), recording({ values: { level: 3 } })), false, signal);
  }
  assert.equal(isDeath(exited(1), recording({ values: { level: 2 }, end: { exitCode: 1 } })), true);
  assert.equal(isDeath(exited(1), recording({ values: { level: 1 }, end: { exitCode: 1 } })), false);
  assert.equal(isDeath(exited(0), recording({ values: { level: 3 }, end: { exitCode: 0 } })), false);
});

test('the recording is the child’s, else the newest unfinished one since the start', () => {
  const old = recording({ pid: 9, startWallMs: NOW_MS - 60_000 });
  const ended = recording({ pid: 8, end: { exitCode: 0 } });
  const grandchild = recording({ pid: 10 });
  assert.equal(recordingOf([ended, grandchild, old], 8, NOW_MS - 10_000), ended);
  assert.equal(recordingOf([ended, grandchild, old], 9, NOW_MS - 10_000), grandchild);
  assert.equal(recordingOf([old], 9, NOW_MS - 10_000), undefined);
});

test('a process lives as long as it writes within three announced intervals and two seconds', () => {
  const written = (ageMs: number, intervalSeconds: number): Recording =>
    recording({ values: { wallMs: NOW_MS - ageMs, agentIntervalSeconds: intervalSeconds } });
  assert.equal(isLive(written(4900, 1), NOW_MS), true);
  assert.equal(isLive(written(5100, 1), NOW_MS), false);
  assert.equal(isLive(written(31_900, 10), NOW_MS), true);
  assert.equal(isLive(recording({ end: { exitCode: 0 } }), NOW_MS), false);
  assert.equal(isLive({ ...recording({}), record: undefined }, NOW_MS), false);
});

const IN_CONTAINER: Partial<Record<ColumnName, number>> = {
  level: 3,
  pressureRatio: 0.97,
  bindingConstraint: 1,
  headroomBytes: 7.5 * MIB,
  containerUsageBytes: 248.5 * MIB,
  containerLimitBytes: 256 * MIB,
  containerGrowthBytesPerSecond: 200 * MIB,
  cgroupLimitBytes: 256 * MIB,
  hostTotalBytes: 16_384 * MIB,
  heapOldUsedBytes: 20 * MIB,
  heapOldLimitBytes: 256 * MIB,
  heapSizeLimitBytes: 259 * MIB,
  heapExternalBytes: 220 * MIB,
  processRssBytes: 250 * MIB,
};

function report(values: Partial<Record<ColumnName, number>>, ending: Ending): string {
  const death = { command: 'node app.js', ending, livedSeconds: 12.34, atWallMs: NOW_MS };
  return deathReport({ ...death, recording: recording({ values }) }).join('\n');
}

test('the report says how it ended, what was measured last, and the flag that makes the heap fit', () => {
  assert.equal(
    report(IN_CONTAINER, killed('SIGKILL')),
    `node app.js was ended by SIGKILL after 12.3 s, exit code 137
last sample 40 ms before the end: level critical, binding constraint container at 97 %
container: 249 MiB used of 256 MiB, 7.5 MiB left, growing 200 MiB/s
RSS 250 MiB; old generation 20 MiB of 256 MiB; external 220 MiB
repair: the heap may grow to 259 MiB and does not fit the container; NODE_OPTIONS=--max-old-space-size=189 does
recording: /tmp/x.ring`,
  );
});

test('the repair follows from which ceiling it was', () => {
  const fitting = { ...IN_CONTAINER, heapOldLimitBytes: 150 * MIB, heapSizeLimitBytes: 153 * MIB };
  assert.match(report(fitting, killed('SIGKILL')), /repair: the heap fits the container, so Buffers/);
  const tiny = { ...IN_CONTAINER, cgroupLimitBytes: 64 * MIB };
  assert.match(report(tiny, killed('SIGKILL')), /repair: 64 MiB are too little for any heap/);
  const heap = { ...fitting, bindingConstraint: 0, heapUsageBytes: 149 * MIB, heapLimitBytes: 150 * MIB };
  assert.match(
    report(heap, killed('SIGABRT')),
    /the heap was full; raise .*at most NODE_OPTIONS=--max-old-space-size=189 fits/,
  );
  const full = { ...heap, heapOldLimitBytes: 200 * MIB, heapSizeLimitBytes: 203 * MIB };
  assert.match(report(full, killed('SIGABRT')), /256 MiB have no room for a larger one/);
  const worker = { ...IN_CONTAINER, bindingConstraint: 5, workerThreadId: 3, workerUsageBytes: 63 * MIB };
  assert.match(report(worker, exited(1)), /repair: worker thread 3 was full; raise maxOldGenerationSizeMb/);
  assert.doesNotMatch(report(worker, killed('SIGKILL')), /repair/);
  const calm = { ...IN_CONTAINER, level: 0, bindingConstraint: 4 };
  assert.match(report(calm, killed('SIGKILL')), /memory was not short then: look for another cause/);
});

test('without a recording the report says why there may be none', () => {
  const lines = deathReport({
    command: 'x',
    ending: killed('SIGKILL'),
    livedSeconds: 0.02,
    atWallMs: NOW_MS,
    recording: undefined,
  });
  assert.deepEqual(lines.length, 2);
  assert.match(lines[1] ?? '', /nothing was recorded/);
});
