/** Whatever actions do and however the level moves. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'node:test';

import fc from 'fast-check';

import type { Action, ActionBudget, ActionResult } from '../../../agent/model/action.ts';
import { LEVELS, type Level } from '../../../agent/model/level.ts';
import { OUTCOMES } from '../../../agent/model/snapshot.ts';
import { actionOf, responderScene } from '../../helpers/responder-scene.ts';

type Way = 'answer' | 'resolve' | 'throw' | 'reject' | 'hang' | 'nothing' | 'no-plan';

interface Behaviour {
  readonly way: Way;
  readonly outcome: ActionResult['outcome'];
}

interface Spec {
  readonly from: Action['from'];
  readonly isUrgent: boolean;
  readonly budget: ActionBudget;
  readonly behaviours: readonly Behaviour[];
}

interface Start {
  readonly index: number;
  readonly atMs: number;
  readonly level: Level;
  readonly round: number;
  /** It looked, and did nothing. */
  isSkip: boolean;
}

const behaviour = fc.record({
  way: fc.constantFrom<Way>('answer', 'resolve', 'throw', 'reject', 'hang', 'nothing', 'no-plan'),
  outcome: fc.constantFrom(...OUTCOMES),
});
const spec: fc.Arbitrary<Spec> = fc.record({
  from: fc.constantFrom('elevated', 'high', 'critical'),
  isUrgent: fc.boolean(),
  budget: fc.record({
    coolDownMs: fc.integer({ min: 0, max: 3_000 }),
    count: fc.integer({ min: 1, max: 4 }),
    windowMs: fc.integer({ min: 1, max: 5_000 }),
    timeMs: fc.integer({ min: 1, max: 2_000 }),
  }),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 6 }),
});
const sample = fc.record({
  level: fc.constantFrom<Level>(0, 1, 2, 3),
  acts: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  passMs: fc.integer({ min: 0, max: 2_500 }),
});

test('never two at once, never more than the count within a window, never below its level, always counted; nothing after stop', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(spec, { minLength: 1, maxLength: 4 }),
      fc.array(sample, { minLength: 1, maxLength: 60 }),
      async (specs, samples) => {
        const story = await play(specs, samples);
        assert.ok(story.mostAtOnce <= 1, 'two at once');
        for (const [index, { from, budget }] of specs.entries()) {
          const starts = story.starts.filter((start) => start.index === index);
          for (const { atMs, level } of starts) {
            assert.ok(level >= LEVELS.indexOf(from), 'below its level');
            const within = starts.filter(
              (other) => !other.isSkip && other.atMs >= atMs && other.atMs < atMs + budget.windowMs,
            );
            assert.ok(within.length <= budget.count, `${within.length} within ${budget.windowMs} ms`);
          }
        }
        for (let at = 1; at < story.starts.length; at += 1) {
          const [before, after] = [story.starts[at - 1], story.starts[at]];
          if (before?.round === after?.round) assert.ok((before?.index ?? 0) < (after?.index ?? 0), 'out of order');
        }
        assert.equal(story.told, story.starts.length, 'a run without its event');
        assert.equal(story.startsAfterStop, 0, 'started after stop');
      },
    ),
    { numRuns: 150 },
  );
});

interface Story {
  readonly starts: readonly Start[];
  /** Of those that were neither at their end nor given up. */
  readonly mostAtOnce: number;
  /** Runs whose end was told. */
  readonly told: number;
  readonly startsAfterStop: number;
}

/** Plays the samples to a responder with these actions; a round is what follows one sample. */
async function play(
  specs: readonly Spec[],
  samples: readonly { readonly level: Level; readonly acts: boolean; readonly passMs: number }[],
): Promise<Story> {
  const starts: Start[] = [];
  const atOnce = new Set<number>();
  let mostAtOnce = 0;
  let level: Level = 0;
  let round = 0;

  const actions = specs.map(({ behaviours, ...rest }, index) => {
    let runs = 0;
    let plans = 0;
    const pick = (count: number): Behaviour =>
      behaviours[count % behaviours.length] ?? { way: 'answer', outcome: 'done' };
    return actionOf({
      ...rest,
      name: `action-${index}`,
      isUrgent: () => rest.isUrgent,
      plan() {
        const { way } = pick((plans += 1));
        if (way === 'no-plan') throw new Error(way);
        return way === 'nothing' ? undefined : 'act';
      },
      run(_step, signal) {
        const start: Start = { index, atMs: scene.nowMs(), level, round, isSkip: false };
        starts.push(start);
        atOnce.add(index);
        mostAtOnce = Math.max(mostAtOnce, atOnce.size);
        signal.addEventListener('abort', () => atOnce.delete(index));
        const { way, outcome } = pick((runs += 1));
        if (way === 'hang') return new Promise(() => undefined);
        const end = (): ActionResult => {
          atOnce.delete(index);
          if (way === 'throw' || way === 'reject') throw new Error(way);
          start.isSkip = outcome === 'skipped' && !signal.aborted;
          return { outcome, detail: `run ${'x'.repeat(starts.length)}` };
        };
        return way === 'resolve' || way === 'reject' ? turn().then(end) : end();
      },
    });
  });
  const scene = responderScene(actions, 20);
  for (const { level: next, acts, passMs } of samples) {
    level = next;
    round += 1;
    scene.to(level, acts);
    await turn();
    await turn();
    scene.pass(passMs);
    await turn();
  }
  scene.responder.stop();
  const { length } = starts;
  const told = scene.finished.filter(({ detail }) =>
    /^(run x+|throw|reject|it did not end|stopped before)/.test(detail),
  ).length;
  scene.to(3);
  scene.pass(10_000);
  await turn();
  return { starts, mostAtOnce, told, startsAfterStop: starts.length - length };
}
