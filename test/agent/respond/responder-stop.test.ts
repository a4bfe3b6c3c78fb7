/** When the responder starts late, and when it ends. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'node:test';

import type { ActionResult } from '../../../agent/model/action.ts';
import { actionOf, DONE, responderScene, stepAt } from '../../helpers/responder-scene.ts';

test('a switch to observe stops what runs, and the next action does not start', async () => {
  const signals: AbortSignal[] = [];
  const { to, finished } = responderScene([
    actionOf({
      run: (_step, signal) => (
        signals.push(signal),
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(DONE)))
      ),
    }),
    actionOf({ name: 'next', run: () => assert.fail('ran') }),
  ]);
  to(1);
  await turn();
  to(1, false);
  await turn();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true],
  );
  assert.deepEqual(
    finished.slice(0, 2).map(({ action, outcome, detail }) => `${action} ${outcome} ${detail}`),
    ['drop-things skipped stopped before its end: the agent acts no more', 'next skipped observe: would drop things'],
  );
});

test('the first action of an episode waits for the jitter, from high on it does not', () => {
  const ranAtMs: number[] = [];
  const scene = responderScene([actionOf({ run: () => (ranAtMs.push(scene.nowMs()), DONE) })], 40);
  const { to, pass } = scene;
  to(1);
  to(1);
  pass(39);
  assert.deepEqual(ranAtMs, []);
  pass(961);
  to(0);
  pass(1_000);
  to(1);
  pass(10);
  to(2);
  to(0);
  pass(10_000);
  to(1);
  to(0);
  pass(10_000);
  to(3);
  assert.deepEqual(ranAtMs, [40, 2_010, 22_010]);
});

test('less than a second before the limit nothing waits for the jitter', () => {
  let runs = 0;
  const { responder } = responderScene([actionOf({ run: () => ((runs += 1), DONE) })], 40);
  const step = stepAt(1);
  responder.respond({ ...step, assessment: { ...step.assessment, timeToLimitSeconds: 2 } }, true);
  assert.equal(runs, 0);
  responder.respond({ ...step, assessment: { ...step.assessment, timeToLimitSeconds: 0.9 } }, true);
  assert.equal(runs, 1);
});

test('stop aborts what runs and starts nothing more', async () => {
  const signals: AbortSignal[] = [];
  let end = (_result: ActionResult): void => undefined;
  const { responder, to, pass, finished } = responderScene([
    actionOf({ run: (_step, signal) => (signals.push(signal), new Promise((resolve) => (end = resolve))) }),
    actionOf({ name: 'next', run: () => assert.fail('ran') }),
  ]);
  to(1);
  responder.stop();
  end(DONE);
  await turn();
  to(3);
  pass(10_000);
  responder.stop();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true],
  );
  assert.equal(finished.length, 1);
});

test('stopped before the jitter is over it starts nothing', () => {
  const { responder, to, pass } = responderScene([actionOf({ run: () => assert.fail('ran') })], 40);
  to(1);
  responder.stop();
  pass(100);
});
