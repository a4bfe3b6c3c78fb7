/** An action that somebody asks for, at whatever level: inside a budget of its own, which is as large as the responder's. */
import type { Action, ActionResult, ActionStep } from '../model/action.ts';
import { whyOf } from '../model/problem.ts';
import { createBudget } from './budget.ts';
import type { DutyParts } from './duty.ts';
import { isolate, type Ending } from './isolate.ts';

/** `act` false: says what it would do. Never rejects. */
export type ByHand = (step: ActionStep, act: boolean) => Promise<ActionResult>;

export function createByHand(
  action: Action,
  { counts, monotonicMs, setTimer, onEvent }: Omit<DutyParts, 'onProblem'>,
): ByHand {
  const { timeMs } = action.budget;
  const budget = createBudget(action.budget);

  function finish(result: ActionResult): ActionResult {
    const { written: _written, ...told } = result;
    counts.add(action.name, result.outcome);
    onEvent({ name: 'plimsoll.action.finished', action: action.name, ...told });
    return result;
  }

  function run(step: ActionStep): Promise<ActionResult> {
    return new Promise((resolve) => {
      budget.started(monotonicMs(), step.assessment.level);
      isolate({
        run: (signal) => action.run(step, signal),
        timeMs,
        setTimer,
        onSettled: budget.settled,
        onEnd(ending) {
          const result = resultOf(ending, timeMs);
          budget.ended(monotonicMs(), result.outcome);
          resolve(result);
        },
      });
    });
  }

  return async (step, act) => {
    const closedBy = budget.closedBy(monotonicMs(), step.assessment.level, () => false);
    if (closedBy !== undefined) return finish({ outcome: 'skipped', detail: budget.explain(closedBy) });
    if (!act) return finish({ outcome: 'skipped', detail: `observe: would ${action.name.replaceAll('-', ' ')}` });
    return finish(await run(step));
  };
}

function resultOf(ending: Ending<ActionResult>, timeMs: number): ActionResult {
  if (ending.kind === 'returned') return ending.value;
  const detail = ending.kind === 'threw' ? whyOf(ending.error) : `it did not end within ${timeMs} ms`;
  return { outcome: 'failed', detail };
}
