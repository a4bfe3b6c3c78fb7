/** Handlers that mean no good, or are badly written. */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { PressureNotice } from '../../../agent/model/handle.ts';
import { SLOW_HANDLER_MS } from '../../../agent/respond/callbacks.ts';
import { callbackScene } from '../../helpers/callback-scene.ts';

test('a handler that throws, and one that rejects, are counted and named, and the others run', async () => {
  const { callbacks, to, problems, counts } = callbackScene();
  let reached = false;
  callbacks.subscribe('high', function thrower() {
    throw new Error('boom');
  });
  callbacks.subscribe('high', () => Promise.reject(new Error('later')), { name: 'rejecter' });
  callbacks.subscribe('high', () => (reached = true), { name: 'fine' });
  to(2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(reached, true);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_HANDLER_FAILED', 'PLM_HANDLER_FAILED'],
  );
  assert.match(problems[0]?.message ?? '', /thrower failed: boom/);
  assert.deepEqual(counts.list(), [
    { action: 'thrower', outcome: 'failed', count: 1 },
    { action: 'fine', outcome: 'done', count: 1 },
    { action: 'rejecter', outcome: 'failed', count: 1 },
  ]);
});

test('a handler that hangs is aborted at its deadline and not called again before it ends', () => {
  const { callbacks, to, problems, expire, counts } = callbackScene();
  const notices: PressureNotice[] = [];
  callbacks.subscribe('high', (notice) => (notices.push(notice), new Promise(() => undefined)), {
    name: 'hanger',
    timeoutMs: 50,
  });
  to(2);
  assert.equal(notices[0]?.deadlineMs, 1_050);
  assert.equal(notices[0]?.signal.aborted, false);
  expire();
  assert.equal(notices[0]?.signal.aborted, true);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_HANDLER_TIMEOUT'],
  );
  to(0);
  to(2);
  assert.equal(notices.length, 1);
  assert.deepEqual(counts.list(), [
    { action: 'hanger', outcome: 'failed', count: 1 },
    { action: 'hanger', outcome: 'skipped', count: 1 },
  ]);
});

test('a handler that holds up the event loop is named, and has done its work', () => {
  const { callbacks, to, pass, problems, events } = callbackScene();
  callbacks.subscribe('high', () => pass(SLOW_HANDLER_MS), { name: 'slow' });
  callbacks.subscribe('high', () => pass(SLOW_HANDLER_MS - 1), { name: 'quick' });
  to(2);
  assert.deepEqual(
    problems.map(({ code, message }) => `${code} ${message.slice(0, 47)}`),
    ['PLM_HANDLER_SLOW handler slow held up the event loop for 100 ms.'],
  );
  assert.deepEqual(
    events.map((event) => event.name === 'plimsoll.action.finished' && [event.outcome, event.detail]),
    [
      ['done', 'it held up the event loop for 100 ms'],
      ['done', ''],
    ],
  );
});

test('whatever a handler throws, it is named and the others run', () => {
  const { callbacks, to, problems } = callbackScene();
  const thrown: readonly unknown[] = [
    undefined,
    Object.create(null),
    Object.assign(new Error('x'), { message: Symbol('no string') }),
    { toString: () => assert.fail('asked') },
    new Error(`a\nb${'c'.repeat(10_000)}`),
  ];
  for (const [index, value] of thrown.entries()) {
    callbacks.subscribe(
      'high',
      () => {
        throw value;
      },
      { name: `thrower-${index}` },
    );
  }
  callbacks.subscribe('high', () => new Proxy({}, { has: () => assert.fail('asked') }), { name: 'odd' });
  let reached = false;
  callbacks.subscribe('high', () => (reached = true));
  to(2);
  assert.equal(reached, true);
  assert.equal(problems.filter(({ code }) => code === 'PLM_HANDLER_FAILED').length, thrown.length + 1);
  for (const { message } of problems) assert.ok(message.length < 400 && !message.includes('\n'), message);
});

test('what a handler does to what it is told reaches nobody else', () => {
  const { callbacks, to } = callbackScene();
  const seen: number[] = [];
  callbacks.subscribe('high', ({ assessment }) => Object.assign(assessment, { level: 0 }));
  callbacks.subscribe('high', ({ assessment }) => seen.push(assessment.level));
  to(2);
  assert.deepEqual(seen, [2]);
});

test('handlers that subscribe and unsubscribe others while they run are safe', () => {
  const { callbacks, to } = callbackScene();
  const seen: string[] = [];
  let unsubscribeSecond = (): void => undefined;
  callbacks.subscribe('change', function first() {
    seen.push('first');
    unsubscribeSecond();
    callbacks.subscribe('change', () => seen.push('late'), { name: 'late' });
  });
  unsubscribeSecond = callbacks.subscribe('change', () => seen.push('second'), { name: 'second' });
  to(1);
  assert.deepEqual(seen, ['first']);
});

test('wrong arguments are one coded line and change nothing', () => {
  const { callbacks, problems } = callbackScene();
  callbacks.subscribe('urgent' as never, () => undefined)();
  callbacks.subscribe('high', undefined as never)();
  callbacks.subscribe(Object.create(null) as never, () => undefined)();
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_HANDLER_INVALID', 'PLM_HANDLER_INVALID', 'PLM_HANDLER_INVALID'],
  );
});

test('wrong options are as none', () => {
  const { callbacks, to, counts } = callbackScene();
  const seen: number[] = [];
  for (const timeoutMs of [Number.NaN, -1, '5', undefined]) {
    callbacks.subscribe('high', ({ deadlineMs }) => seen.push(deadlineMs), { name: 7, timeoutMs } as never);
  }
  callbacks.subscribe('high', function plain() {}, null as never);
  to(2);
  assert.deepEqual(seen, [11_000, 11_000, 11_000, 11_000]);
  assert.deepEqual(
    counts.list().map(({ action }) => action),
    ['handler-1', 'handler-2', 'handler-3', 'handler-4', 'plain'],
  );
});

test('names are bounded: what comes later is counted together', () => {
  const { callbacks, to, counts: given } = callbackScene();
  for (let index = 0; index < 500; index++) callbacks.subscribe('high', () => undefined, { name: `name-${index}` });
  to(2);
  const counts = given.list();
  assert.ok(counts.length <= 21, `${counts.length} names`);
  assert.equal(
    counts.reduce((sum, { count }) => sum + count, 0),
    500,
  );
  assert.equal(counts.at(-1)?.action, '_other');
});
