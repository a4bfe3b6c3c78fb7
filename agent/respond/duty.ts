/** One action of the responder: whether it is its turn, its run, and what is told of both. */
import type { Action, ActionResult, ActionStep } from '../model/action.ts';
import type { AgentEvent } from '../model/event.ts';
import { LEVELS, levelName, type Level } from '../model/level.ts';
import { problem, whyOf, type Problem } from '../model/problem.ts';
import { createBudget } from './budget.ts';
import type { ActionCounts } from './counts.ts';
import { isolate, type Ending } from './isolate.ts';

export interface DutyParts {
  readonly counts: ActionCounts;
  monotonicMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  onProblem(problem: Problem): void;
  onEvent(event: AgentEvent): void;
}

export interface Duty {
  /** Whether to run it now. Where not, and there would be something to do, says why: once per reason and episode. */
  isDue(step: ActionStep, acts: boolean): boolean;
  /** Answers what stops it. `onEnd` may be called before this returns. */
  run(step: ActionStep, onEnd: () => void): () => void;
  /** At each sample under pressure, and at the one that ends it. */
  observe(level: Level): void;
}

export function createDuty(action: Action, parts: DutyParts): Duty {
  const { counts, monotonicMs, setTimer, onProblem, onEvent } = parts;
  const { name } = action;
  const { timeMs } = action.budget;
  const from = LEVELS.indexOf(action.from);
  const budget = createBudget(action.budget);
  /** Of this episode. At 50 ms a sample the same would be told twenty times a second. */
  const told = new Set<string>();

  function finish({ written: _written, ...result }: ActionResult): void {
    const { outcome, detail } = result;
    if (outcome === 'failed') {
      onProblem(problem('PLM_ACTION_FAILED', `${name} failed: ${detail}. It is counted; the others run.`));
    }
    counts.add(name, outcome);
    onEvent({ name: 'plimsoll.action.finished', action: name, ...result });
  }

  function skip(reason: string, detail: string): void {
    if (told.has(reason)) return;
    told.add(reason);
    finish({ outcome: 'skipped', detail });
  }

  /** Without a reason to say no it may be urgent by mistake; the count of its budget is kept all the same. */
  function isUrgent(step: ActionStep): boolean {
    try {
      return action.isUrgent?.(step) === true;
    } catch {
      return false;
    }
  }

  /** One that throws here has failed as if it had run: else it would fail again at the next sample. */
  function plan(step: ActionStep, mayRun: boolean): string | undefined {
    try {
      return action.plan(step);
    } catch (error) {
      if (!mayRun) return undefined;
      budget.started(monotonicMs(), step.assessment.level);
      budget.settled();
      budget.ended(monotonicMs(), 'failed');
      finish({ outcome: 'failed', detail: whyOf(error) });
      return undefined;
    }
  }

  function resultOf(ending: Ending<ActionResult>): ActionResult {
    switch (ending.kind) {
      case 'returned':
        return ending.value;
      case 'threw':
        return { outcome: 'failed', detail: whyOf(ending.error) };
      case 'overran':
        return { outcome: 'failed', detail: `it did not end within ${timeMs} ms and is waited for no longer` };
      case 'stopped':
      default:
        return { outcome: 'skipped', detail: 'stopped before its end: the agent acts no more' };
    }
  }

  return {
    isDue(step, acts) {
      const { level } = step.assessment;
      if (level < from) return false;
      const closedBy = budget.closedBy(monotonicMs(), level, () => isUrgent(step));
      const skippedFor = closedBy ?? (acts ? undefined : levelName(level));
      if (skippedFor !== undefined && told.has(skippedFor)) return false;
      const would = plan(step, closedBy === undefined);
      if (would === undefined) return false;
      if (closedBy !== undefined) skip(closedBy, budget.explain(closedBy));
      else if (!acts) skip(levelName(level), `observe: would ${would}`);
      return skippedFor === undefined;
    },
    run(step, onEnd) {
      budget.started(monotonicMs(), step.assessment.level);
      return isolate({
        run: (signal) => action.run(step, signal),
        timeMs,
        setTimer,
        onSettled: budget.settled,
        onEnd(ending) {
          const result = resultOf(ending);
          budget.ended(monotonicMs(), ending.kind === 'stopped' ? 'stopped' : result.outcome);
          // the same reason with other figures is the same reason
          if (result.outcome === 'skipped') skip(result.detail.replaceAll(/\d+/g, '0'), result.detail);
          else finish(result);
          onEnd();
        },
      });
    },
    observe(level) {
      budget.observe(level);
      if (level === 0) told.clear();
    },
  };
}
