/** What every action keeps: the responder asks it at each sample, and runs it in somebody else's process when that is worst off. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { Action, ActionResult, ActionStep } from '../../agent/model/action.ts';
import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import { LEVELS, type Level } from '../../agent/model/level.ts';
import { createRow } from '../../agent/model/row.ts';
import { OUTCOMES } from '../../agent/model/snapshot.ts';
import { ordinarySnapshot } from '../helpers/snapshot.ts';

export interface ActionUnderTest {
  readonly action: Action;
  /** What the action could change, as plain data. */
  state(): unknown;
}

export interface ActionContract {
  /** A new one that has something to do. */
  create(): ActionUnderTest;
  /** The same with nothing to do; default: it always has. */
  createIdle?(): ActionUnderTest;
}

/** Longer than this a process at its limit does not wait. */
const MAX_TIME_MS = 60_000;

function stepOf(level: Level, changes: Partial<ActionStep> = {}): ActionStep {
  const assessment = {
    ...IDLE_ASSESSMENT,
    level,
    pressureRatio: 0.95,
    binding: 'container',
    headroomBytes: 2 ** 20,
  } as const;
  return { previous: 0, assessment, row: ordinarySnapshot().row, targetBytes: 2 ** 20, ...changes };
}

/** At its own level and above; and one at which nothing is known. */
function stepsOf({ from }: Action): readonly ActionStep[] {
  const steps = ([1, 2, 3] as const).filter((level) => level >= LEVELS.indexOf(from)).map((level) => stepOf(level));
  const unknown = stepOf(3, { assessment: { ...IDLE_ASSESSMENT, level: 3 }, targetBytes: 0, row: createRow() });
  return [...steps, unknown];
}

export function actionContract({ create, createIdle }: ActionContract): void {
  // an action's own timers do not keep the process, and Node.js 22.15 ends a test that waits for nothing else
  let alive: NodeJS.Timeout | undefined;
  before(() => {
    alive = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(alive));

  test('has a name in kebab-case and a budget that is one', () => {
    const { name, from, budget } = create().action;
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(LEVELS.indexOf(from) >= 1);
    const { coolDownMs, count, windowMs, timeMs } = budget;
    assert.ok(coolDownMs >= 0 && Number.isFinite(coolDownMs), `${coolDownMs} ms cool-down`);
    assert.ok(Number.isInteger(count) && count >= 1 && count <= 1000, `count ${count}`);
    assert.ok(windowMs > 0 && Number.isFinite(windowMs), `window of ${windowMs} ms`);
    assert.ok(timeMs > 0 && timeMs <= MAX_TIME_MS, `${timeMs} ms time`);
  });

  test('its plan is one line, asked as often as one likes, and changes nothing', () => {
    const { action, state } = create();
    const atFirst = structuredClone(state());
    for (const step of stepsOf(action)) {
      for (const plan of [action.plan(step), action.plan(step)]) {
        if (plan !== undefined) assertLine(plan);
      }
      assert.ok(['boolean', 'undefined'].includes(typeof action.isUrgent?.(step)));
    }
    assert.deepEqual(state(), atFirst);
  });

  test('runs at every level, twice, and says how it ended', async () => {
    const { action } = create();
    for (const step of stepsOf(action)) {
      for (let time = 0; time < 2; time += 1) {
        let running: ActionResult | Promise<ActionResult> | undefined;
        assert.doesNotThrow(() => (running = action.run(step, new AbortController().signal)));
        assertResult(await running);
      }
    }
  });

  test('ends soon, and without a rejection, when it is aborted before or while it runs', async () => {
    const { action } = create();
    const [step = stepOf(3)] = stepsOf(action);
    assertResult(await action.run(step, AbortSignal.abort()));
    const abort = new AbortController();
    const running = action.run(step, abort.signal);
    abort.abort();
    assertResult(await running);
  });

  test('leaves nothing in the event loop', async () => {
    const { action } = create();
    const atFirst = process.getActiveResourcesInfo().toSorted();
    await action.run(stepOf(3), new AbortController().signal);
    // what a test before it began may end meanwhile, and what this one left would not
    for (let look = 0; look < 100 && !isDeepStrictEqual(process.getActiveResourcesInfo().toSorted(), atFirst); look++) {
      await wait(5);
    }
    assert.deepEqual(process.getActiveResourcesInfo().toSorted(), atFirst);
  });

  if (createIdle === undefined) return;
  test('with nothing to do it plans nothing, and run all the same it harms nothing', async () => {
    const { action, state } = createIdle();
    const atFirst = structuredClone(state());
    for (const step of stepsOf(action)) {
      assert.equal(action.plan(step), undefined);
      assertResult(await action.run(step, new AbortController().signal));
    }
    assert.deepEqual(state(), atFirst);
  });
}

function assertLine(text: string): void {
  assert.match(text, /^\S[^\r\n]*$/);
  assert.ok(text.length <= 300, `${text.length} characters`);
}

function assertResult(result: ActionResult | undefined): void {
  assert.ok(result !== undefined && OUTCOMES.includes(result.outcome), JSON.stringify(result));
  if (result.detail !== '') assertLine(result.detail);
  // a failure or a skip that says no reason helps nobody
  else assert.ok(result.outcome === 'done' || result.outcome === 'ineffective', result.outcome);
  const { freedBytes } = result;
  assert.ok(freedBytes === undefined || Number.isFinite(freedBytes), `${freedBytes} bytes freed`);
}
