import assert from 'node:assert/strict';
import test from 'node:test';

import type { Level } from '../../../agent/model/level.ts';
import { createBackOff, type BackOff } from '../../../agent/respond/back-off.ts';
import { actionOf, INEFFECTIVE, responderScene } from '../../helpers/responder-scene.ts';

/** It ran at `level` and did not help, so often. */
function failed(coolDownMs: number, level: Level, times: number): BackOff {
  const backOff = createBackOff(coolDownMs);
  for (let time = 0; time < times; time += 1) {
    backOff.started(level);
    backOff.ended(false);
  }
  return backOff;
}

test('each run without effect doubles the wait, up to five minutes or the cool-down where that is longer', () => {
  const waitsMs = (coolDownMs: number): number[] =>
    [0, 1, 2, 3, 4, 5, 100].map((times) => failed(coolDownMs, 1, times).waitMs(1, false));
  assert.deepEqual(waitsMs(30_000), [0, 60_000, 120_000, 240_000, 300_000, 300_000, 300_000]);
  assert.deepEqual(waitsMs(0), [0, 2_000, 4_000, 8_000, 16_000, 32_000, 300_000]);
  assert.deepEqual(waitsMs(3_600_000), [0, 3_600_000, 3_600_000, 3_600_000, 3_600_000, 3_600_000, 3_600_000]);
});

test('where it is urgent it waits from 250 ms up to 30 s', () => {
  const waitsMs = [0, 1, 2, 3, 6, 100].map((times) => failed(60_000, 3, times).waitMs(3, true));
  assert.deepEqual(waitsMs, [0, 250, 500, 1_000, 8_000, 30_000]);
});

test('a higher level does not end the wait, but at critical it may try once', () => {
  const backOff = failed(1_000, 1, 1);
  assert.deepEqual([backOff.waitMs(2, false), backOff.waitMs(3, false)], [2_000, 0]);
  backOff.started(3);
  backOff.ended(false);
  assert.equal(backOff.waitMs(3, false), 4_000);
});

test('a run that helps, and a level that goes below the one at which it did not, end it', () => {
  const helped = failed(1_000, 2, 3);
  helped.started(2);
  helped.ended(true);
  assert.equal(helped.waitMs(2, false), 1_000);
  const recovered = failed(1_000, 2, 3);
  recovered.observe(3);
  recovered.observe(2);
  assert.equal(recovered.waitMs(2, false), 8_000);
  recovered.observe(1);
  assert.equal(recovered.waitMs(2, false), 1_000);
});

test('an action that never helps runs less and less while the level lasts, and at once when it comes back', () => {
  const ranAtMs: number[] = [];
  const budget = { coolDownMs: 1_000, count: 1_000, windowMs: 60_000, timeMs: 5_000 };
  const scene = responderScene([actionOf({ budget, run: () => (ranAtMs.push(scene.nowMs()), INEFFECTIVE) })]);
  const { to, pass, finished } = scene;
  for (let ms = 0; ms < 32_000; ms += 50) {
    to(2);
    pass(50);
  }
  assert.deepEqual(ranAtMs, [0, 2_000, 6_000, 14_000, 30_000]);
  assert.equal(finished.filter(({ outcome }) => outcome === 'skipped').length, 1);
  to(0);
  to(2);
  assert.equal(ranAtMs.at(-1), 32_000);
});
