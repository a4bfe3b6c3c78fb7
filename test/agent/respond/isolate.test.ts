import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'node:test';

import { isolate, type Ending } from '../../../agent/respond/isolate.ts';

interface Scene {
  readonly endings: Ending<unknown>[];
  readonly timers: Set<() => void>;
  readonly stop: () => void;
  isSettled(): boolean;
}

function isolated(run: (signal: AbortSignal) => unknown): Scene {
  const endings: Ending<unknown>[] = [];
  const timers = new Set<() => void>();
  let isSettled = false;
  const stop = isolate({
    run,
    timeMs: 50,
    setTimer(callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    onSettled: () => (isSettled = true),
    onEnd: (ending) => endings.push(ending),
  });
  return { endings, timers, stop, isSettled: () => isSettled };
}

test('what ends by itself leaves no timer, and stopping it afterwards changes nothing', async () => {
  const answers = isolated(() => 7);
  const resolves = isolated(async () => 8);
  const throws = isolated(() => assert.fail('bug'));
  await turn();
  for (const { timers, stop, isSettled } of [answers, resolves, throws]) {
    stop();
    assert.deepEqual([timers.size, isSettled()], [0, true]);
  }
  assert.deepEqual(
    [answers, resolves, throws].map(({ endings }) => endings.map(({ kind }) => kind)),
    [['returned'], ['returned'], ['threw']],
  );
});

test('what overruns is aborted first and then told of; its late end is told to none but who waits for it', async () => {
  let end = (_error: Error): void => undefined;
  let signal = new AbortController().signal;
  const { endings, timers, isSettled } = isolated((given) => {
    signal = given;
    return new Promise((_resolve, reject) => (end = reject));
  });
  for (const expire of timers) expire();
  assert.equal(signal.aborted, true);
  assert.deepEqual([endings, isSettled()], [[{ kind: 'overran' }], false]);
  end(new Error('too late'));
  await turn();
  assert.deepEqual([endings.length, isSettled()], [1, true]);
});

test('what resolves twice, or then throws, ends once', () => {
  const odd: PromiseLike<unknown> = new Proxy(Promise.resolve(), {
    get: (_target, name) =>
      name === 'then'
        ? (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
            resolve(1);
            reject(2);
            throw new Error('3');
          }
        : undefined,
  });
  assert.deepEqual(isolated(() => odd).endings, [{ kind: 'returned', value: 1 }]);
});
