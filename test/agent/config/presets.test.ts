import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPolicy, PRESET_NAMES, PRESETS } from '../../../agent/config/presets.ts';

test('every exit is below its enter, and a level is disabled in both or in none', () => {
  for (const name of PRESET_NAMES) {
    for (const { enter, exit } of [PRESETS[name].thresholds, PRESETS[name].budgetThresholds]) {
      enter.forEach((entry, index) => {
        const out = exit[index];
        assert.equal(entry === undefined, out === undefined, name);
        assert.ok(entry === undefined || (out ?? Infinity) < entry, name);
      });
    }
  }
});

test('a policy is the preset and its defaults', () => {
  assert.deepEqual(createPolicy({ preset: 'conservative' }), {
    thresholds: { enter: [0.7, 0.8, 0.95], exit: [0.65, 0.75, 0.9] },
    budgetThresholds: { enter: [0.7, 0.8, 0.95], exit: [0.65, 0.75, 0.9] },
    confirmSamples: 2,
    dwellMs: 10_000,
    coolDownMs: 5_000,
  });
});

test('what is given takes the place of the preset for all constraints', () => {
  const policy = createPolicy({ preset: 'standard', enter: [0.5, 0.6, 0.7], exit: [0.4, 0.5, 0.6], dwellMs: 0 });
  assert.deepEqual(policy.thresholds, { enter: [0.5, 0.6, 0.7], exit: [0.4, 0.5, 0.6] });
  assert.deepEqual(policy.budgetThresholds, policy.thresholds);
  assert.equal(policy.dwellMs, 0);
});

test('with the preset budget what is given is for the budget, and the others keep the standard', () => {
  const policy = createPolicy({ preset: 'budget', enter: [0.9, 1.1, 1.2] });
  assert.deepEqual(policy.thresholds, PRESETS.standard.thresholds);
  assert.deepEqual(policy.budgetThresholds, { enter: [0.9, 1.1, 1.2], exit: [0.75, 0.95, 1.05] });
});

test('an exit is never above its enter, and a disabled level has none', () => {
  const { thresholds } = createPolicy({ preset: 'standard', enter: [0.6, undefined, 0.9] });
  assert.deepEqual(thresholds.exit, [0.6, undefined, 0.85]);
  assert.deepEqual(createPolicy({ preset: 'two-step', enter: [0.6, 0.8, 0.9] }).thresholds.exit, [0.6, 0.75, 0.85]);
});
