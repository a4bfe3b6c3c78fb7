import assert from 'node:assert/strict';
import test from 'node:test';

import type { AgentEvent } from '../../../agent/model/event.ts';
import { IDLE_ASSESSMENT, type PressureNotice } from '../../../agent/model/handle.ts';
import type { Level } from '../../../agent/model/level.ts';
import type { Problem } from '../../../agent/model/problem.ts';
import { createActionCounts, type ActionCounts } from '../../../agent/respond/counts.ts';
import { createCallbacks, RENOTIFY_MS, SLOW_HANDLER_MS, type Callbacks } from '../../../agent/respond/callbacks.ts';

interface Scene {
  readonly callbacks: Callbacks;
  readonly counts: ActionCounts;
  readonly problems: Problem[];
  readonly events: AgentEvent[];
  /** Runs the timers that are set. */
  expire(): void;
  /** Time passes while a handler runs. */
  pass(ms: number): void;
  /** The level goes to `level` at `atMs`. */
  to(level: Level, atMs?: number, act?: boolean): void;
}

function scene(): Scene {
  const timers = new Set<() => void>();
  const problems: Problem[] = [];
  const events: AgentEvent[] = [];
  let level: Level = 0;
  let nowMs = 0;
  const counts = createActionCounts();
  const callbacks = createCallbacks({
    counts,
    wallMs: () => 1_000,
    monotonicMs: () => nowMs,
    setTimer(callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    onProblem: (problem) => problems.push(problem),
    onEvent: (event) => events.push(event),
  });
  return {
    callbacks,
    counts,
    problems,
    events,
    expire() {
      const due = Array.from(timers);
      for (const timer of due) timer();
    },
    pass(ms) {
      nowMs += ms;
    },
    to(next, atMs = 0, act = true) {
      const previous = level;
      level = next;
      callbacks.respond(previous, { ...IDLE_ASSESSMENT, level: next, atMs }, 42, act);
    },
  };
}

test('a level fires once when it is reached or passed, and not again on the way down', () => {
  const { callbacks, to } = scene();
  const seen: string[] = [];
  callbacks.subscribe('elevated', ({ level }) => seen.push(`elevated:${level}`));
  callbacks.subscribe('high', ({ level, previous, targetBytes }) =>
    seen.push(`high:${previous}>${level}:${targetBytes}`),
  );
  callbacks.subscribe('critical', () => seen.push('critical'));
  for (const level of [1, 1, 3, 2, 1, 0, 2] as const) to(level);
  assert.deepEqual(seen, [
    'elevated:elevated',
    'high:elevated>critical:42',
    'critical',
    'elevated:high',
    'high:normal>high:42',
  ]);
});

test('a level that lasts is told again after the re-notify interval', () => {
  const { callbacks, to } = scene();
  let calls = 0;
  callbacks.subscribe('high', () => (calls += 1));
  to(2, 0);
  to(2, RENOTIFY_MS - 1);
  assert.equal(calls, 1);
  to(2, RENOTIFY_MS);
  to(3, RENOTIFY_MS + 1);
  assert.equal(calls, 2);
});

test('a handler of high is not called again when the level rises to critical, one of critical is', () => {
  const { callbacks, to } = scene();
  const seen: string[] = [];
  callbacks.subscribe('high', ({ level }) => seen.push(`high:${level}`));
  callbacks.subscribe('critical', ({ level }) => seen.push(`critical:${level}`));
  to(2, 0);
  to(3, 1);
  to(3, RENOTIFY_MS);
  assert.deepEqual(seen, ['high:high', 'critical:critical', 'high:critical']);
});

test('a handler that comes while the level lasts is told at the next sample', () => {
  const { callbacks, to } = scene();
  let calls = 0;
  to(2, 0);
  callbacks.subscribe('high', () => (calls += 1));
  to(2, 50);
  to(2, 100);
  assert.equal(calls, 1);
});

test('change fires at every change, exit only when the level is back at normal', () => {
  const { callbacks, to } = scene();
  const seen: string[] = [];
  callbacks.subscribe('change', ({ previous, level }) => seen.push(`${previous}>${level}`));
  callbacks.subscribe('exit', () => seen.push('exit'));
  for (const level of [1, 1, 2, 1, 0, 0] as const) to(level);
  assert.deepEqual(seen, ['normal>elevated', 'elevated>high', 'high>elevated', 'elevated>normal', 'exit']);
});

test('a handler that throws, and one that rejects, are counted and named, and the others run', async () => {
  const { callbacks, to, problems, counts } = scene();
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
  const { callbacks, to, problems, expire, counts } = scene();
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
  const { callbacks, to, pass, problems, events } = scene();
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
  const { callbacks, to, problems } = scene();
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
  callbacks.subscribe(
    'high',
    () => ({
      get then(): never {
        throw new Error('getter');
      },
    }),
    { name: 'odd' },
  );
  let reached = false;
  callbacks.subscribe('high', () => (reached = true));
  to(2);
  assert.equal(reached, true);
  assert.equal(problems.filter(({ code }) => code === 'PLM_HANDLER_FAILED').length, thrown.length + 1);
  for (const { message } of problems) assert.ok(message.length < 400 && !message.includes('\n'), message);
});

test('what a handler does to what it is told reaches nobody else', () => {
  const { callbacks, to } = scene();
  const seen: number[] = [];
  callbacks.subscribe('high', ({ assessment }) => Object.assign(assessment, { level: 0 }));
  callbacks.subscribe('high', ({ assessment }) => seen.push(assessment.level));
  to(2);
  assert.deepEqual(seen, [2]);
});

test('in observe no handler runs, and the outcome says so', () => {
  const { callbacks, to, events } = scene();
  callbacks.subscribe('high', () => assert.fail('ran'), { name: 'idle' });
  to(2, 0, false);
  assert.deepEqual(events, [
    { name: 'plimsoll.action.finished', action: 'idle', outcome: 'skipped', detail: 'observe: would be told high' },
  ]);
});

test('an unsubscribed handler is not called, also when another handler unsubscribes it meanwhile', () => {
  const { callbacks, to } = scene();
  let calls = 0;
  const unsubscribe = callbacks.subscribe('change', () => (calls += 1));
  to(1);
  unsubscribe();
  to(2);
  assert.equal(calls, 1);
});

test('handlers that subscribe and unsubscribe others while they run are safe', () => {
  const { callbacks, to } = scene();
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
  const { callbacks, problems } = scene();
  callbacks.subscribe('urgent' as never, () => undefined)();
  callbacks.subscribe('high', undefined as never)();
  callbacks.subscribe(Object.create(null) as never, () => undefined)();
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_HANDLER_INVALID', 'PLM_HANDLER_INVALID', 'PLM_HANDLER_INVALID'],
  );
});

test('wrong options are as none', () => {
  const { callbacks, to, counts } = scene();
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
  const { callbacks, to, counts: given } = scene();
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
