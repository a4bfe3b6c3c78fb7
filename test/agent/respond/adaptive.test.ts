/** Adaptive values as the application reads them, told levels and times as each sample tells them. */
import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import type { AdaptiveOptions } from '../../../agent/model/adaptive.ts';
import type { AgentEvent } from '../../../agent/model/event.ts';
import type { Level } from '../../../agent/model/level.ts';
import type { Problem } from '../../../agent/model/problem.ts';
import { createAdaptives } from '../../../agent/respond/adaptive.ts';
import { createActionCounts } from '../../../agent/respond/counts.ts';

function world() {
  const events: AgentEvent[] = [];
  const problems: Problem[] = [];
  const counts = createActionCounts();
  const adaptives = createAdaptives({
    counts,
    onEvent: (event) => events.push(event),
    onProblem: (problem) => problems.push(problem),
  });
  return { ...adaptives, counts, events, problems };
}

const CONCURRENCY = { initial: 16, min: 2 };

test('halves with each level down to its minimum, which it is at critical', () => {
  const { create, respond } = world();
  const value = create('concurrency', CONCURRENCY);
  const seen = ([0, 1, 2, 3] as const).map((level) => {
    respond(level, level * 1000, true);
    return value.value;
  });
  assert.deepEqual(seen, [16, 8, 4, 2]);
});

test('is never less than its minimum, and whole when its options are', () => {
  const { create, respond } = world();
  const whole = create('whole', { initial: 7, min: 3 });
  const broken = create('broken', { initial: 0.5, min: 0.1 });
  respond(1, 0, true);
  assert.deepEqual([whole.value, broken.value], [3, 0.25]);
});

test('is what its owner says per level, by factor or value, and never rises with the level', () => {
  const { create, respond } = world();
  const levels = { elevated: { factor: 0.25 }, critical: { value: 10 } } as const;
  const value = create('chunk', { initial: 100, min: 1, levels });
  const seen = ([1, 2, 3] as const).map((level) => {
    respond(level, 0, true);
    return value.value;
  });
  assert.deepEqual(seen, [25, 25, 10]);
});

test('follows a rising level at once, and a falling one only after its time, level by level', () => {
  const { create, respond } = world();
  const value = create('concurrency', { ...CONCURRENCY, recoverAfterMs: 5000 });
  const story: readonly (readonly [level: Level, atMs: number, value: number])[] = [
    [3, 0, 2],
    [2, 10_000, 2],
    [2, 14_999, 2],
    [2, 15_000, 4],
    [1, 16_000, 4],
    [0, 17_000, 4],
    [0, 21_000, 8],
    [2, 21_500, 4], // again
    [0, 22_000, 4],
    [0, 27_000, 16],
  ];
  for (const [level, atMs, expected] of story) {
    respond(level, atMs, true);
    assert.equal(value.value, expected, `level ${level} at ${atMs}`);
  }
});

test('is small at once when it is made under pressure', () => {
  const { create, respond } = world();
  respond(2, 0, true);
  assert.equal(create('late', CONCURRENCY).value, 4);
});

test('each change is an event with what it was and is, counted once', () => {
  const { create, respond, events, counts } = world();
  create('concurrency', CONCURRENCY);
  respond(1, 0, true);
  respond(1, 1000, true);
  assert.deepEqual(events, [
    { name: 'plimsoll.adaptive.changed', adaptive: 'concurrency', fromValue: 16, toValue: 8, level: 1 },
  ]);
  assert.deepEqual(counts.list(), [{ action: 'adapt-values', outcome: 'done', count: 1 }]);
});

test('in observe nothing changes, and what would have is said once', () => {
  const { create, respond, events, counts } = world();
  const value = create('concurrency', CONCURRENCY);
  for (const atMs of [0, 1000]) respond(3, atMs, false);
  assert.equal(value.value, 16);
  const detail = 'observe: concurrency would change from 16 to 2 at critical';
  assert.deepEqual(events, [{ name: 'plimsoll.action.finished', action: 'adapt-values', outcome: 'skipped', detail }]);
  assert.deepEqual(counts.list(), [{ action: 'adapt-values', outcome: 'skipped', count: 1 }]);
});

test('a switch to observe, and the end of the run, give the initial value back', () => {
  const { create, respond, rest } = world();
  const value = create('concurrency', CONCURRENCY);
  respond(3, 0, true);
  respond(3, 1000, false);
  assert.equal(value.value, 16);
  respond(3, 2000, true);
  assert.equal(value.value, 2);
  rest();
  assert.equal(value.value, 16);
});

test('what makes no value is said with its code, and stays at its initial value', () => {
  const wrong: readonly AdaptiveOptions[] = [
    { initial: Number.NaN, min: 0 },
    { initial: 4, min: 5 },
    { initial: 4, min: 1, recoverAfterMs: -1 },
    { initial: 4, min: 1, levels: { high: { factor: 0 } } },
    { initial: 4, min: 1, levels: { critical: { value: Number.NaN } } },
  ];
  const { create, respond, problems, states } = world();
  const values = wrong.map((options) => create('wrong', options));
  respond(3, 0, true);
  assert.deepEqual(
    values.map(({ value }) => value),
    wrong.map(({ initial }) => initial),
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    wrong.map(() => 'PLM_ADAPTIVE_INVALID'),
  );
  assert.match(
    problems[1]?.message ?? '',
    /^adaptive value wrong: min is 5, must be a number up to initial \(4\)\. It stays/,
  );
  assert.deepEqual(states(), []);
});

test('of one name used twice the smallest is shown; what is disposed of is shown no more', () => {
  const { create, states } = world();
  create('chunk', { initial: 100, min: 1 });
  const small = create('chunk', { initial: 50, min: 1 });
  assert.deepEqual(states(), [{ name: 'chunk', value: 50 }]);
  small.dispose();
  assert.deepEqual(states(), [{ name: 'chunk', value: 100 }]);
});

test('past the twentieth name they are shown together, which is said once; all of them work', () => {
  const { create, respond, states, problems } = world();
  const values = Array.from({ length: 30 }, (_, i) => create(`value-${i}`, CONCURRENCY));
  respond(3, 0, true);
  assert.ok(values.every(({ value }) => value === 2));
  assert.equal(states().length, 21);
  assert.equal(states().at(-1)?.name, '_other');
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['PLM_NAMES_FULL'],
  );
});

test('the same levels at the same times give the same values and events, within min and initial', () => {
  const options = fc
    .record({
      min: fc.integer({ min: 0, max: 50 }),
      more: fc.integer({ min: 0, max: 1000 }),
      recoverAfterMs: fc.nat(30_000),
    })
    .map(({ min, more, recoverAfterMs }) => ({ initial: min + more, min, recoverAfterMs }));
  const steps = fc.array(fc.tuple(fc.constantFrom<Level>(0, 1, 2, 3), fc.nat(10_000), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(options, steps, (given, told) => {
      const play = () => {
        const { create, respond, events } = world();
        const value = create('value', given);
        let atMs = 0;
        const values = told.map(([level, laterMs, act]) => {
          atMs += laterMs;
          respond(level, atMs, act);
          return value.value;
        });
        return { values, events };
      };
      const first = play();
      assert.deepEqual(play(), first);
      for (const value of first.values)
        assert.ok(value >= given.min && value <= given.initial && Number.isInteger(value));
    }),
  );
});
