/** Runs the actions of the level: one at a time, each inside its budget, none able to harm another or the agent. */
import type { Action, ActionStep } from '../model/action.ts';
import { createDuty, type DutyParts } from './duty.ts';

export interface ResponderParts extends DutyParts {
  /** In the order in which they run. */
  readonly actions: readonly Action[];
  /** Of this process: so long it waits before its first action of an episode, so that not every replica acts at once. */
  readonly jitterMs: number;
}

export interface Responder {
  /** One step of the flow; `act` false: says what it would have done, and stops what runs. */
  respond(step: ActionStep, act: boolean): void;
  /** Aborts what runs, and starts nothing more. */
  stop(): void;
}

/** Nearer to the limit than this, the time that jitter takes may be what is missing. */
const JITTER_NEEDS_SECONDS = 1;

function isPressing({ assessment }: ActionStep): boolean {
  return assessment.level >= 2 || (assessment.timeToLimitSeconds ?? Infinity) < JITTER_NEEDS_SECONDS;
}

export function createResponder(parts: ResponderParts): Responder {
  const duties = parts.actions.map((action) => createDuty(action, parts));
  /** Of the round: the actions from the first to the last, each as things are when its turn comes. */
  let turn = 0;
  let isBusy = false;
  let isInLoop = false;
  /** The latest of the episode, which is as long as there is pressure. */
  let latest: ActionStep | undefined;
  let acts = false;
  let stopRunning: (() => void) | undefined;
  let cancelJitter: (() => void) | undefined;
  let isStopped = false;

  /** Whether to go on with the next. */
  function takeTurn(): boolean {
    const duty = duties[turn];
    if (duty === undefined || latest === undefined || isBusy) return false;
    turn += 1;
    if (!duty.isDue(latest, acts)) return true;
    isBusy = true;
    stopRunning = duty.run(latest, ended);
    return true;
  }

  function proceed(): void {
    isInLoop = true;
    let goesOn = true;
    while (goesOn) goesOn = takeTurn();
    isInLoop = false;
  }

  function ended(): void {
    isBusy = false;
    if (!isInLoop) proceed();
  }

  function startRound(): void {
    if (isBusy) return;
    turn = 0;
    proceed();
  }

  function endJitter(): void {
    cancelJitter?.();
    cancelJitter = undefined;
  }

  function startJitter(): void {
    cancelJitter = parts.setTimer(() => {
      cancelJitter = undefined;
      startRound();
    }, parts.jitterMs);
  }

  return {
    respond(step, act) {
      const { level } = step.assessment;
      if (isStopped || (level === 0 && latest === undefined)) return;
      for (const duty of duties) duty.observe(level);
      const isNew = latest === undefined;
      latest = level === 0 ? undefined : step;
      acts = act;
      if (!act) stopRunning?.();
      if (level === 0 || isPressing(step)) endJitter();
      else if (isNew) startJitter();
      if (cancelJitter === undefined) startRound();
    },
    stop() {
      isStopped = true;
      latest = undefined;
      endJitter();
      stopRunning?.();
    },
  };
}
