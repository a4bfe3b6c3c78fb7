import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'node:test';

import type { ActionResult } from '../../../agent/model/action.ts';
import { actionOf, DONE, INEFFECTIVE, responderScene } from '../../helpers/responder-scene.ts';

test('the actions of the level run in their order, one after the other, as soon as the one before ended', async () => {
  const ran: string[] = [];
  let endFirst = (_result: ActionResult): void => undefined;
  const { to, finished } = responderScene([
    actionOf({ name: 'first', run: () => (ran.push('first'), new Promise((resolve) => (endFirst = resolve))) }),
    actionOf({ name: 'at-critical', from: 'critical', run: () => (ran.push('at-critical'), DONE) }),
    actionOf({ name: 'second', run: () => (ran.push('second'), DONE) }),
  ]);
  to(1);
  to(1);
  assert.deepEqual(ran, ['first']);
  endFirst({ outcome: 'done', detail: 'dropped 3', freedBytes: 42 });
  await turn();
  assert.deepEqual(ran, ['first', 'second']);
  const name = 'plimsoll.action.finished';
  assert.deepEqual(finished, [
    { name, action: 'first', outcome: 'done', detail: 'dropped 3', freedBytes: 42 },
    { name, action: 'second', outcome: 'done', detail: '' },
  ]);
});

test('one whose turn comes late is told how things are then', async () => {
  const seen: number[] = [];
  let endFirst = (_result: ActionResult): void => undefined;
  const { to } = responderScene([
    actionOf({ run: () => new Promise((resolve) => (endFirst = resolve)) }),
    actionOf({ name: 'late', run: ({ assessment }) => (seen.push(assessment.level), DONE) }),
    actionOf({ name: 'at-critical', from: 'critical', run: () => (seen.push(30), DONE) }),
  ]);
  to(1);
  to(3);
  endFirst(DONE);
  await turn();
  assert.deepEqual(seen, [3, 30]);
});

test('at normal, and once it was told why not, no action is asked anything', () => {
  let asked = 0;
  const { to } = responderScene([actionOf({ plan: () => `drop things for the ${(asked += 1)}. time` })]);
  to(0);
  assert.equal(asked, 0);
  for (let sample = 0; sample < 10; sample += 1) to(1);
  assert.equal(asked, 2);
  for (let sample = 0; sample < 10; sample += 1) to(0);
  for (let sample = 0; sample < 10; sample += 1) to(2, false);
  assert.equal(asked, 3);
});

test('nothing is asked of an action that has nothing to do, and nothing is counted', () => {
  const { to, finished, counts } = responderScene([actionOf({ plan: () => undefined, run: () => assert.fail('ran') })]);
  to(3);
  to(3);
  assert.deepEqual([finished, counts.list()], [[], []]);
});

test('one that throws, rejects, answers that it failed or cannot even plan is counted and named, and the others run', async () => {
  const { to, finished, problems, counts } = responderScene([
    actionOf({
      name: 'thrower',
      run() {
        throw new Error('boom');
      },
    }),
    actionOf({ name: 'rejecter', run: async () => Promise.reject(new Error('later')) }),
    actionOf({
      name: 'planner',
      plan() {
        throw new Error('no plan');
      },
      run: () => assert.fail('ran'),
    }),
    actionOf({ name: 'unlucky', run: () => ({ outcome: 'failed', detail: 'disk full' }) }),
    actionOf({
      name: 'hurried',
      isUrgent() {
        throw new Error('not even that');
      },
    }),
  ]);
  to(2);
  await turn();
  to(2);
  assert.deepEqual(
    finished.map(({ action, outcome, detail }) => `${action} ${outcome} ${detail}`),
    [
      'thrower failed boom',
      'rejecter failed later',
      'planner failed no plan',
      'unlucky failed disk full',
      'hurried done ',
      'thrower skipped back-off after 1 without effect',
      'rejecter skipped back-off after 1 without effect',
      'unlucky skipped back-off after 1 without effect',
      'hurried skipped cool-down of 1 s',
    ],
  );
  assert.deepEqual(
    problems.map(({ code, message }) => `${code} ${message.split('.')[0]}`),
    ['thrower failed: boom', 'rejecter failed: later', 'planner failed: no plan', 'unlucky failed: disk full'].map(
      (message) => `PLM_ACTION_FAILED ${message}`,
    ),
  );
  assert.equal(counts.list().find(({ action }) => action === 'thrower')?.count, 1);
});

test('one that hangs is aborted after its time, the others run, and it is not started again before it ends', async () => {
  let runs = 0;
  let aborted = 0;
  let reached = 0;
  let end = (_result: ActionResult): void => undefined;
  const { to, pass, finished, problems } = responderScene([
    actionOf({
      name: 'hanger',
      run(_step, signal) {
        runs += 1;
        signal.addEventListener('abort', () => (aborted += 1));
        return new Promise((resolve) => (end = resolve));
      },
    }),
    actionOf({ name: 'next', run: () => ((reached += 1), DONE) }),
  ]);
  to(2);
  pass(4_999);
  assert.deepEqual([aborted, reached], [0, 0]);
  pass(1);
  assert.deepEqual([aborted, reached], [1, 1]);
  assert.match(problems[0]?.message ?? '', /^hanger failed: it did not end within 5000 ms/);
  for (let seconds = 0; seconds < 600; seconds += 1) {
    pass(1_000);
    to(2);
  }
  assert.equal(runs, 1);
  assert.equal(finished.filter(({ detail }) => /still running/.test(detail)).length, 1);
  end(DONE);
  await turn();
  to(2);
  assert.equal(runs, 2);
  assert.equal(finished.filter(({ outcome, action }) => action === 'hanger' && outcome === 'done').length, 0);
});

test('the same level waits for the cool-down, a higher one does not, nor one that is urgent', () => {
  let isUrgent = false;
  const ranAtMs: number[] = [];
  const scene = responderScene([
    actionOf({ isUrgent: () => isUrgent, run: () => (ranAtMs.push(scene.nowMs()), DONE) }),
  ]);
  const { to, pass } = scene;
  to(1);
  pass(999);
  to(1);
  pass(1);
  to(1);
  pass(100);
  to(2);
  pass(100);
  to(1);
  to(2);
  pass(100);
  isUrgent = true;
  to(2);
  assert.deepEqual(ranAtMs, [0, 1_000, 1_100, 1_300]);
});

test('it runs at most as often as its count within any window, however urgent', () => {
  const ranAtMs: number[] = [];
  const budget = { coolDownMs: 0, count: 3, windowMs: 10_000, timeMs: 5_000 };
  const scene = responderScene([
    actionOf({ budget, isUrgent: () => true, run: () => (ranAtMs.push(scene.nowMs()), DONE) }),
  ]);
  for (let ms = 0; ms < 20_000; ms += 1_000) {
    scene.to(3);
    scene.pass(1_000);
  }
  assert.deepEqual(ranAtMs, [0, 1_000, 2_000, 10_000, 11_000, 12_000]);
  assert.deepEqual(
    scene.finished.filter(({ outcome }) => outcome === 'skipped').map(({ detail }) => detail),
    ['at most 3 within 10 s'],
  );
});

test('a run that answers skipped is told once an episode, waits for its cool-down, and is not counted in the window', () => {
  let runs = 0;
  const budget = { coolDownMs: 1_000, count: 1, windowMs: 60_000, timeMs: 5_000 };
  const { to, pass, finished } = responderScene([
    actionOf({
      budget,
      run: () => ((runs += 1), { outcome: 'skipped', detail: `the disk has room for ${runs} of 900` }),
    }),
  ]);
  for (let ms = 0; ms < 5_000; ms += 500) {
    to(2);
    pass(500);
  }
  assert.equal(runs, 5);
  assert.deepEqual(
    finished.map(({ detail }) => detail),
    ['the disk has room for 1 of 900', 'cool-down of 1 s'],
  );
});

test('why it was skipped is told again in the next episode', () => {
  const { to, finished } = responderScene([actionOf()]);
  for (const level of [1, 1, 1, 0, 1, 1] as const) to(level);
  assert.deepEqual(
    finished.map(({ outcome }) => outcome),
    ['done', 'skipped', 'skipped'],
  );
});

test('in observe nothing runs, and what would have been done is said once at each level', () => {
  const { to, pass, finished, counts } = responderScene([
    actionOf({ run: () => assert.fail('ran') }),
    actionOf({ name: 'write-report', from: 'critical', plan: () => 'write a report', run: () => assert.fail('ran') }),
  ]);
  for (const level of [1, 1, 2, 3, 3, 2, 1] as const) {
    pass(10_000);
    to(level, false);
  }
  assert.deepEqual(
    finished.map(({ action, detail }) => `${action} ${detail}`),
    [
      'drop-things observe: would drop things',
      'drop-things observe: would drop things',
      'drop-things observe: would drop things',
      'write-report observe: would write a report',
    ],
  );
  assert.deepEqual(counts.list(), [
    { action: 'drop-things', outcome: 'skipped', count: 3 },
    { action: 'write-report', outcome: 'skipped', count: 1 },
  ]);
});

test('an action that answers at once, for ever, does not keep the tick from its end', () => {
  let runs = 0;
  const budget = { coolDownMs: 0, count: 1_000, windowMs: 1, timeMs: 1 };
  const { to } = responderScene([actionOf({ budget, run: () => ((runs += 1), INEFFECTIVE) })]);
  to(3);
  assert.equal(runs, 1);
});
