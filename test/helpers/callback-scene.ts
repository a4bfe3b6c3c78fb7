/** Pressure handlers with a clock and a level that a test moves. */
import type { AgentEvent } from '../../agent/model/event.ts';
import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import type { Level } from '../../agent/model/level.ts';
import type { Problem } from '../../agent/model/problem.ts';
import { createActionCounts, type ActionCounts } from '../../agent/respond/counts.ts';
import { createCallbacks, type Callbacks } from '../../agent/respond/callbacks.ts';

export interface CallbackScene {
  readonly callbacks: Callbacks;
  readonly counts: ActionCounts;
  readonly problems: Problem[];
  readonly events: AgentEvent[];
  /** Runs the timers that are set. */
  expire(): void;
  /** Time passes while a handler runs. */
  pass(ms: number): void;
  /** The level goes to `level` at `atMs`. */
  to(level: Level, atMs?: number, act?: boolean): void;
}

export function callbackScene(): CallbackScene {
  const timers = new Set<() => void>();
  const problems: Problem[] = [];
  const events: AgentEvent[] = [];
  let level: Level = 0;
  let nowMs = 0;
  const counts = createActionCounts();
  const callbacks = createCallbacks({
    counts,
    wallMs: () => 1_000,
    monotonicMs: () => nowMs,
    setTimer(callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    onProblem: (problem) => problems.push(problem),
    onEvent: (event) => events.push(event),
  });
  return {
    callbacks,
    counts,
    problems,
    events,
    expire() {
      const due = Array.from(timers);
      for (const timer of due) timer();
    },
    pass(ms) {
      nowMs += ms;
    },
    to(next, atMs = 0, act = true) {
      const previous = level;
      level = next;
      callbacks.respond(previous, { ...IDLE_ASSESSMENT, level: next, atMs }, 42, act);
    },
  };
}
