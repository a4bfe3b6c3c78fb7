/** Whether an action may start now, and why not. */
import type { ActionBudget } from '../model/action.ts';
import type { Level } from '../model/level.ts';
import type { Outcome } from '../model/snapshot.ts';
import { createBackOff } from './back-off.ts';
import { createSlidingWindow } from './sliding-window.ts';

export type ClosedBy = 'running' | 'count' | 'cool-down' | 'back-off';

export interface Budget {
  /** undefined: it may start. `isUrgent` is asked only when it matters. */
  closedBy(nowMs: number, level: Level, isUrgent: () => boolean): ClosedBy | undefined;
  /** The same for a person. */
  explain(by: ClosedBy): string;
  started(nowMs: number, level: Level): void;
  /** It is waited for no longer. `stopped`: nobody knows whether it would have helped. */
  ended(nowMs: number, how: Outcome | 'stopped'): void;
  /** It really ended. */
  settled(): void;
  /** At each sample under pressure, and at the one that ends it. */
  observe(level: Level): void;
}

export function createBudget({ coolDownMs, count, windowMs, timeMs }: ActionBudget): Budget {
  const window = createSlidingWindow(count, windowMs);
  const backOff = createBackOff(coolDownMs);
  let endedMs = Number.NEGATIVE_INFINITY;
  let isRunning = false;

  return {
    closedBy(nowMs, level, isUrgent) {
      if (isRunning) return 'running';
      if (!window.hasRoom(nowMs)) return 'count';
      const restedMs = nowMs - endedMs;
      if (restedMs >= backOff.waitMs(level, false) || restedMs >= backOff.waitMs(level, isUrgent())) return undefined;
      return backOff.failures() > 0 ? 'back-off' : 'cool-down';
    },
    explain(by) {
      switch (by) {
        case 'running':
          return `the last one is still running, ${seconds(timeMs)} were given`;
        case 'count':
          return `at most ${count} within ${seconds(windowMs)}`;
        case 'cool-down':
          return `cool-down of ${seconds(coolDownMs)}`;
        case 'back-off':
        default:
          return `back-off after ${backOff.failures()} without effect`;
      }
    },
    started(nowMs, level) {
      isRunning = true;
      window.add(nowMs);
      backOff.started(level);
    },
    ended(nowMs, how) {
      endedMs = nowMs;
      if (how === 'skipped') window.undo();
      else if (how !== 'stopped') backOff.ended(how === 'done');
    },
    settled() {
      isRunning = false;
    },
    observe: backOff.observe,
  };
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
