import assert from 'node:assert/strict';
import { test } from 'node:test';

import { promises, reliability } from './judge.ts';
import type { Case, Found } from './scene.ts';
import { truthOf } from './truth.ts';

const RIGHT: Found = {
  cause: 'killed',
  evidence: 'inferred',
  confidence: 0.8,
  because: [],
  foundBy: 'sidecar',
  afterMs: 200,
};
const DEATH: Case = {
  way: 'SIGKILL: at rest',
  meant: 'killed',
  finder: 'sidecar',
  version: 1,
  instance: '20261121T231745123Z-9f86d081884c7d65',
  endedMs: 0,
  truth: { cause: 'killed', how: 'SIGKILL', oomKills: 0 },
  found: RIGHT,
  lastAgeMs: 900,
  intervalMs: 1000,
  report: '',
};

function found(change: Partial<Found>): Case {
  return { ...DEATH, found: { ...RIGHT, ...change } };
}

function broken(...cases: readonly Case[]): readonly string[] {
  return promises(cases)
    .filter(({ kept }) => !kept)
    .map(({ what }) => what);
}

test('a death that was explained rightly, quickly and from a fresh record keeps every promise', () => {
  assert.deepEqual(broken(DEATH), []);
});

test('one observed verdict that is wrong is one too many', () => {
  const observed = { evidence: 'observed', confidence: 1 } as const;
  const rightOnes = Array.from({ length: 99 }, () => found(observed));
  assert.deepEqual(broken(...rightOnes, found({ ...observed, cause: 'exit' })), ['observed, and right: all']);
  assert.deepEqual(broken(found({ ...observed, cause: 'kernel_oom' })), [
    'observed, and right: all',
    'a SIGKILL called an observed kernel OOM: none',
  ]);
});

test('of inferred verdicts one in twenty may be wrong', () => {
  const rightOnes = Array.from({ length: 19 }, () => DEATH);
  const wrong = found({ cause: 'crash' });
  assert.deepEqual(broken(...rightOnes, wrong), []);
  assert.deepEqual(broken(...rightOnes, wrong, wrong), ['inferred, and right: 95 %']);
});

test('a death that nobody explains breaks a promise, but for a good end that no successor has to explain', () => {
  const unexplained: Case = { ...DEATH, found: undefined };
  assert.deepEqual(broken(unexplained), ['each death is explained']);
  const truth = { cause: 'exit', how: 'exit code 0', oomKills: 0 } as const;
  assert.deepEqual(broken({ ...unexplained, truth, meant: 'exit', finder: 'new container' }), []);
});

test('a record is to be as young as the interval it announced, unless one turn of the loop took all', () => {
  assert.deepEqual(broken({ ...DEATH, lastAgeMs: 1051 }), ['last record at most one interval old: all']);
  const blocked: Case = { ...found({ confidence: 0.7 }), way: 'kernel: all at once', lastAgeMs: 1051 };
  assert.deepEqual(broken(blocked), []);
});

test('nobody is very sure of a death that left no trace', () => {
  const crash = { ...found({ confidence: 0.71 }), way: 'SIGKILL: at rest' };
  assert.deepEqual(broken(crash), []);
  assert.deepEqual(broken({ ...crash, way: 'crash: SIGSEGV' }), ['of these, what left no trace: at most .7 sure']);
});

test('a sidecar has a second, a successor as long as it takes to start', () => {
  assert.deepEqual(broken(found({ afterMs: 1001 })), ['parent, sidecar: post-mortem within 1 s: all']);
  assert.deepEqual(broken({ ...found({ afterMs: 1001 }), finder: 'successor' }), []);
});

test('confidences are gathered by tenths, of inferred verdicts alone', () => {
  const cases = [0.7, 0.79, 0.8].map((confidence) => found({ confidence }));
  const wrong = found({ confidence: 0.7, cause: 'exit' });
  const observed = found({ evidence: 'observed', confidence: 1 });
  assert.deepEqual(reliability([...cases, wrong, observed]), [
    { from: 0.7, right: 2, of: 3 },
    { from: 0.8, right: 1, of: 1 },
  ]);
});

test('what really happened is read from the exit status, the counter of the group and what V8 said', () => {
  const heap = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  const ended = { code: null, signal: null, stderr: '' };
  assert.equal(truthOf({ ...ended, signal: 'SIGKILL' }, 1).cause, 'kernel_oom');
  assert.equal(truthOf({ ...ended, signal: 'SIGKILL' }, 0).cause, 'killed');
  assert.equal(truthOf({ ...ended, code: 137 }, 0).cause, 'killed');
  assert.equal(truthOf({ ...ended, code: 139, stderr: heap }, 0).cause, 'v8_oom');
  assert.equal(truthOf({ ...ended, signal: 'SIGABRT' }, 0).cause, 'crash');
  assert.equal(truthOf({ ...ended, code: 1, stderr: heap }, 0).cause, 'crash');
  assert.equal(truthOf({ ...ended, signal: 'SIGTERM' }, 0).cause, 'exit');
  assert.equal(truthOf({ ...ended, code: 0 }, 1).cause, 'exit');
});
