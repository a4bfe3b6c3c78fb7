import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  deathSignal,
  exitCodeOf,
  howItEnded,
  isViolent,
  isWorthTelling,
  type Ending,
} from '../../../agent/cli/death.ts';
import { isLive, type Recording } from '../../../agent/cli/recording.ts';
import type { Postmortem } from '../../../agent/model/postmortem.ts';
import type { ColumnName } from '../../../agent/model/row.ts';
import { rowOf } from '../../helpers/snapshot.ts';

const NOW_MS = 1_795_300_000_000;

const killed = (signal: NodeJS.Signals): Ending => ({ code: null, signal });
const exited = (code: number): Ending => ({ code, signal: null });

test('the exit code is the child’s, or 128 + n', () => {
  assert.equal(exitCodeOf(exited(7)), 7);
  assert.equal(exitCodeOf(killed('SIGKILL')), 137);
  assert.equal(exitCodeOf(killed('SIGABRT')), 134);
  assert.equal(exitCodeOf(killed('SIGTERM')), 143);
});

test('a shell’s 128 + n is a signal, unless the program itself said so with its last breath', () => {
  assert.equal(deathSignal(exited(137), false), 'SIGKILL');
  assert.equal(deathSignal(exited(137), true), undefined);
  assert.equal(deathSignal(exited(1), false), undefined);
  assert.equal(deathSignal(killed('SIGKILL'), true), 'SIGKILL');
});

test('violent is a signal that nobody sends to say goodbye', () => {
  for (const ending of [killed('SIGKILL'), killed('SIGABRT'), exited(134)])
    assert.equal(isViolent(ending, false), true);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) {
    assert.equal(isViolent(killed(signal), false), false, signal);
  }
  assert.equal(isViolent(exited(1), false), false);
});

test('a program that fails says why itself; one that failed while memory was short is told of', () => {
  const death = (cause: Postmortem['cause'], signal: string | null, level: string): Postmortem =>
    ({ cause, signal, last: { level } }) as Postmortem;
  assert.equal(isWorthTelling(death('crash', null, 'elevated')), false);
  assert.equal(isWorthTelling(death('crash', null, 'high')), true);
  assert.equal(isWorthTelling(death('crash', 'SIGSEGV', 'normal')), true);
  assert.equal(isWorthTelling(death('killed', null, 'normal')), true);
  assert.equal(isWorthTelling(death('exit', null, 'critical')), false);
  assert.equal(isWorthTelling({ ...death('crash', null, 'high'), last: null }), false);
});

test('the first line says which command it was, how it ended and when', () => {
  assert.equal(
    howItEnded('node app.js', killed('SIGKILL'), false, 12.34),
    'node app.js was ended by SIGKILL after 12.3 s, exit code 137',
  );
  assert.equal(howItEnded('node app.js', exited(137), true, 0.5), 'node app.js ended after 500 ms, exit code 137');
});

test('a process lives as long as it writes within three announced intervals and two seconds', () => {
  const written = (ageMs: number, intervalSeconds: number): Recording =>
    recording({ wallMs: NOW_MS - ageMs, agentIntervalSeconds: intervalSeconds });
  assert.equal(isLive(written(4900, 1), NOW_MS), true);
  assert.equal(isLive(written(5100, 1), NOW_MS), false);
  assert.equal(isLive(written(31_900, 10), NOW_MS), true);
  const end = { exitCode: 0, wallMs: NOW_MS, lastSequence: 1 };
  assert.equal(isLive({ ...written(40, 1), end }, NOW_MS), false);
  assert.equal(isLive({ ...written(40, 1), record: undefined }, NOW_MS), false);
});

function recording(values: Partial<Record<ColumnName, number>>): Recording {
  return {
    header: {} as Recording['header'],
    record: { sequence: 1, row: rowOf(values) },
    note: undefined,
    end: undefined,
    path: '/tmp/x.ring',
    startWallMs: NOW_MS - 5000,
  };
}
