/** Which requests are refused, told assessments as each sample tells them. */
import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { createPolicy } from '../../../agent/config/presets.ts';
import type { Assessment, Weight } from '../../../agent/model/assessment.ts';
import type { Constraint } from '../../../agent/model/constraint.ts';
import type { AgentEvent } from '../../../agent/model/event.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';
import type { Level } from '../../../agent/model/level.ts';
import { createActionCounts } from '../../../agent/respond/counts.ts';
import { createShedding } from '../../../agent/respond/shedding.ts';

/** high .82, critical .92 */
const STANDARD = createPolicy({ preset: 'standard' });
const LIMIT_BYTES = 1000;

interface Ceiling {
  readonly ratio: number;
  readonly constraint?: Constraint;
  readonly weight?: Weight;
}

function at(level: Level, ...ceilings: readonly Ceiling[]): Assessment {
  const constraints = ceilings.map(({ ratio, constraint = 'container', weight = 'fully' }) => ({
    constraint,
    weight,
    usageBytes: ratio * LIMIT_BYTES,
    limitBytes: LIMIT_BYTES,
    utilizationRatio: ratio,
    headroomBytes: LIMIT_BYTES - ratio * LIMIT_BYTES,
    growthBytesPerSecond: 0,
    timeToLimitSeconds: undefined,
  }));
  return { ...IDLE_ASSESSMENT, level, constraints };
}

function world(seed = 1) {
  let state = seed;
  let nowMs = 0;
  const counts = createActionCounts();
  const events: AgentEvent[] = [];
  const shedding = createShedding({
    counts,
    random: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647,
    monotonicMs: () => nowMs,
    onEvent: (event) => events.push(event),
  });
  /** How many of `asked` are refused. */
  const refused = (asked: number, point = 'default'): number =>
    Array.from({ length: asked }, () => shedding.shouldShed(point)).filter(Boolean).length;
  return {
    ...shedding,
    actions: counts.list,
    events,
    refused,
    passMs(ms: number) {
      nowMs += ms;
    },
  };
}

test('nobody is refused below high, whatever the numbers are', () => {
  const { respond, refused } = world();
  for (const [level, ratio] of [
    [0, 0.5],
    [1, 0.81],
    [1, 0.99], // latched, or not confirmed yet
    [2, 0.8], // held by hysteresis
  ] as const) {
    respond(at(level, { ratio }), STANDARD, true);
    assert.equal(refused(1000), 0, `level ${level} at ${ratio}`);
  }
});

test('from high to critical the refused part rises with the pressure, up to nine of ten', () => {
  for (const [ratio, part] of [
    [0.82, 0],
    [0.87, 0.45],
    [0.92, 0.9],
    [0.99, 0.9],
  ] as const) {
    const { respond, refused } = world();
    respond(at(ratio < 0.92 ? 2 : 3, { ratio }), STANDARD, true);
    assert.ok(Math.abs(refused(1000) - part * 1000) < 3, `at ${ratio}`);
  }
});

test('refusals are spread evenly: any run of requests is within two of its part', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0.83, max: 1, noNaN: true }), (seed, ratio) => {
      const { respond, shouldShed } = world(seed);
      respond(at(2, { ratio }), STANDARD, true);
      const part = 0.9 * Math.min(1, (ratio - 0.82) / 0.1);
      let refused = 0;
      for (let asked = 1; asked <= 200; asked++) {
        if (shouldShed('default')) refused += 1;
        assert.ok(Math.abs(refused - part * asked) < 2, `${refused} of ${asked} at ${part}`);
      }
    }),
    { numRuns: 50 },
  );
});

test('a client that asks in a rhythm is not the one that is always refused', () => {
  const { respond, shouldShed } = world();
  respond(at(2, { ratio: 0.82 + 0.1 / 1.8 }), STANDARD, true); // half of them
  const answers = Array.from({ length: 1000 }, () => shouldShed('default'));
  const ofEverySecond = answers.filter((isRefused, i) => i % 2 === 0 && isRefused).length;
  assert.ok(ofEverySecond > 150 && ofEverySecond < 350, `${ofEverySecond} of 500`);
});

test('the ceiling that is furthest decides, by its own thresholds; what only warns does not count', () => {
  const budget = createPolicy({ preset: 'budget' }); // high 1.0, critical 1.1
  const { respond, refused } = world();
  respond(at(2, { ratio: 0.95, constraint: 'budget' }), budget, true);
  assert.equal(refused(100), 0);
  respond(at(2, { ratio: 1.05, constraint: 'budget' }, { ratio: 0.4 }), budget, true);
  assert.ok(Math.abs(refused(1000) - 450) < 3);
  respond(at(2, { ratio: 0.99, constraint: 'host', weight: 'elevated' }, { ratio: 0.82 }), STANDARD, true);
  assert.equal(refused(100), 0);
});

test('nobody is refused on readings that are missing or old', () => {
  const { respond, refused, passMs } = world();
  respond(at(3), STANDARD, true); // the ceiling that made it critical can be read no more
  assert.equal(refused(100), 0);
  respond(at(3, { ratio: 1 }), STANDARD, true);
  assert.ok(refused(100) >= 88);
  passMs(5001);
  assert.equal(refused(100), 0);
});

test('refusals are counted by point and told once for each episode', () => {
  const { respond, refused, counts, events, actions } = world();
  respond(at(3, { ratio: 0.92 }), STANDARD, true);
  const uploads = refused(10, 'uploads');
  const first = refused(10);
  respond(at(3, { ratio: 0.95 }), STANDARD, true);
  const second = refused(10);
  assert.deepEqual(counts(), [
    { point: 'uploads', count: uploads },
    { point: 'default', count: first + second },
  ]);
  assert.deepEqual(
    events.map((event) => (event.name === 'plimsoll.action.finished' ? event.detail : event.name)),
    ['refuses 90 % of the requests at uploads', 'refuses 90 % of the requests at default'],
  );
  respond(at(1, { ratio: 0.5 }), STANDARD, true);
  respond(at(2, { ratio: 0.87 }), STANDARD, true);
  refused(10);
  assert.deepEqual(actions(), [{ action: 'shed-requests', outcome: 'done', count: 3 }]);
});

test('past the twentieth point they share one', () => {
  const { respond, refused, counts } = world();
  respond(at(3, { ratio: 1 }), STANDARD, true);
  for (let i = 0; i < 40; i++) refused(3, `point-${i}`);
  assert.equal(counts().length, 21);
  assert.equal(counts().at(-1)?.point, '_other');
});

test('in observe nobody is refused or counted, and what would have been is said', () => {
  const { respond, refused, counts, events, actions } = world();
  respond(at(3, { ratio: 1 }), STANDARD, false);
  assert.equal(refused(100, 'http'), 0);
  assert.deepEqual(counts(), []);
  assert.deepEqual(actions(), [{ action: 'shed-requests', outcome: 'skipped', count: 1 }]);
  const detail = 'observe: would refuse 90 % of the requests at http';
  assert.deepEqual(events, [{ name: 'plimsoll.action.finished', action: 'shed-requests', outcome: 'skipped', detail }]);
});

test('after the run nobody is refused', () => {
  const { respond, refused, rest } = world();
  respond(at(3, { ratio: 1 }), STANDARD, true);
  rest();
  assert.equal(refused(100), 0);
});

test('whoever is refused is told to stay away the longer the harder it presses, and not all the same', () => {
  const { respond, retryAfterSeconds } = world();
  const mean = (ratio: number): number => {
    respond(at(3, { ratio }), STANDARD, true);
    const seconds = Array.from({ length: 100 }, retryAfterSeconds);
    assert.ok(seconds.every((each) => Number.isInteger(each) && each >= 1 && each <= 38));
    assert.ok(new Set(seconds).size > 1);
    return seconds.reduce((sum, each) => sum + each, 0) / 100;
  };
  const [low, middle, most] = [mean(0.82), mean(0.87), mean(0.92)] as const;
  assert.ok(low < 4 && middle > 14 && middle < 19 && most > 27 && most < 33, `${low} ${middle} ${most}`);
});
