/** A responder with a clock that a test moves, and actions that end when the test says so. */
import type { Action, ActionResult, ActionStep } from '../../agent/model/action.ts';
import type { AgentEvent } from '../../agent/model/event.ts';
import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import type { Level } from '../../agent/model/level.ts';
import type { Problem } from '../../agent/model/problem.ts';
import { createRow } from '../../agent/model/row.ts';
import { createActionCounts, type ActionCounts } from '../../agent/respond/counts.ts';
import { createResponder, type Responder } from '../../agent/respond/responder.ts';

export const DONE: ActionResult = { outcome: 'done', detail: '' };
export const INEFFECTIVE: ActionResult = { outcome: 'ineffective', detail: '' };

/** Waits a second between two runs, may run ten times a minute, 5 s long. */
export function actionOf(changes: Partial<Action> = {}): Action {
  return {
    name: 'drop-things',
    from: 'elevated',
    budget: { coolDownMs: 1_000, count: 10, windowMs: 60_000, timeMs: 5_000 },
    plan: () => 'drop things',
    run: () => DONE,
    ...changes,
  };
}

export function stepAt(level: Level, previous: Level = level): ActionStep {
  return { previous, assessment: { ...IDLE_ASSESSMENT, level }, row: createRow(), targetBytes: 1_000 };
}

export type Finished = Extract<AgentEvent, { name: 'plimsoll.action.finished' }>;

export interface ResponderScene {
  readonly responder: Responder;
  readonly counts: ActionCounts;
  readonly problems: readonly Problem[];
  readonly finished: readonly Finished[];
  nowMs(): number;
  /** A sample at this level. */
  to(level: Level, act?: boolean): void;
  /** Time passes, and the timers that are due run in their order. */
  pass(ms: number): void;
}

export function responderScene(actions: readonly Action[], jitterMs = 0): ResponderScene {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const problems: Problem[] = [];
  const finished: Finished[] = [];
  const counts = createActionCounts();
  let level: Level = 0;
  const responder = createResponder({
    actions,
    counts,
    jitterMs,
    monotonicMs: () => nowMs,
    setTimer(callback, ms) {
      const timer = { atMs: nowMs + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    onProblem: (problem) => problems.push(problem),
    onEvent(event) {
      if (event.name !== 'plimsoll.action.finished') return;
      finished.push(event);
    },
  });

  function pass(ms: number): void {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.callback();
    }
    nowMs = endMs;
  }

  return {
    responder,
    counts,
    problems,
    finished,
    nowMs: () => nowMs,
    to(next, act = true) {
      responder.respond(stepAt(next, level), act);
      level = next;
      // the timer of a jitter of 0 ms
      pass(0);
    },
    pass,
  };
}
