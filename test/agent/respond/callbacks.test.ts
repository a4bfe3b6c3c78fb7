import assert from 'node:assert/strict';
import test from 'node:test';

import type { AgentEvent } from '../../../agent/model/event.ts';
import { IDLE_ASSESSMENT, type PressureNotice } from '../../../agent/model/handle.ts';
import type { Level } from '../../../agent/model/level.ts';
import type { Problem } from '../../../agent/model/problem.ts';
import { createActionCounts, type ActionCounts } from '../../../agent/respond/counts.ts';
import { createCallbacks, RENOTIFY_MS, type Callbacks } from '../../../agent/respond/callbacks.ts';

interface Scene {
  readonly callbacks: Callbacks;
  readonly counts: ActionCounts;
  readonly problems: Problem[];
  readonly events: AgentEvent[];
  /** Runs the timers that are set. */
  expire(): void;
  /** The level goes to `level` at `atMs`. */
  to(level: Level, atMs?: number, act?: boolean): void;
}

function scene(): Scene {
  const timers = new Set<() => void>();
  const problems: Problem[] = [];
  const events: AgentEvent[] = [];
  let level: Level = 0;
  const counts = createActionCounts();
  const callbacks = createCallbacks({
    counts,
    wallMs: () => 1_000,
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

test('in observe no handler runs, and the outcome says so', () => {
  const { callbacks, to, events } = scene();
  callbacks.subscribe('high', () => assert.fail('ran'), { name: 'idle' });
  to(2, 0, false);
  assert.deepEqual(events, [
    { name: 'plimsoll.action.finished', action: 'idle', outcome: 'skipped', detail: 'observe' },
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
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_HANDLER_INVALID', 'PLM_HANDLER_INVALID'],
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
