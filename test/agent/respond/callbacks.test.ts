import assert from 'node:assert/strict';
import test from 'node:test';

import { RENOTIFY_MS } from '../../../agent/respond/callbacks.ts';
import { callbackScene } from '../../helpers/callback-scene.ts';

test('a level fires once when it is reached or passed, and not again on the way down', () => {
  const { callbacks, to } = callbackScene();
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
  const { callbacks, to } = callbackScene();
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
  const { callbacks, to } = callbackScene();
  const seen: string[] = [];
  callbacks.subscribe('high', ({ level }) => seen.push(`high:${level}`));
  callbacks.subscribe('critical', ({ level }) => seen.push(`critical:${level}`));
  to(2, 0);
  to(3, 1);
  to(3, RENOTIFY_MS);
  assert.deepEqual(seen, ['high:high', 'critical:critical', 'high:critical']);
});

test('a handler that comes while the level lasts is told at the next sample', () => {
  const { callbacks, to } = callbackScene();
  let calls = 0;
  to(2, 0);
  callbacks.subscribe('high', () => (calls += 1));
  to(2, 50);
  to(2, 100);
  assert.equal(calls, 1);
});

test('change fires at every change, exit only when the level is back at normal', () => {
  const { callbacks, to } = callbackScene();
  const seen: string[] = [];
  callbacks.subscribe('change', ({ previous, level }) => seen.push(`${previous}>${level}`));
  callbacks.subscribe('exit', () => seen.push('exit'));
  for (const level of [1, 1, 2, 1, 0, 0] as const) to(level);
  assert.deepEqual(seen, ['normal>elevated', 'elevated>high', 'high>elevated', 'elevated>normal', 'exit']);
});

test('in observe no handler runs, and the outcome says so', () => {
  const { callbacks, to, events } = callbackScene();
  callbacks.subscribe('high', () => assert.fail('ran'), { name: 'idle' });
  to(2, 0, false);
  assert.deepEqual(events, [
    { name: 'plimsoll.action.finished', action: 'idle', outcome: 'skipped', detail: 'observe: would be told high' },
  ]);
});

test('an unsubscribed handler is not called, also when another handler unsubscribes it meanwhile', () => {
  const { callbacks, to } = callbackScene();
  let calls = 0;
  const unsubscribe = callbacks.subscribe('change', () => (calls += 1));
  to(1);
  unsubscribe();
  to(2);
  assert.equal(calls, 1);
});
