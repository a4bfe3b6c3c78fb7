/** Runs the actions of the level: one at a time, each inside its budget, none able to harm another or the agent. */
import type { Action, ActionStep } from '../model/action.ts';
import type { AgentEvent } from '../model/event.ts';
import type { Problem } from '../model/problem.ts';
import type { ActionCounts } from './counts.ts';

export interface ResponderParts {
  /** In the order in which they run. */
  readonly actions: readonly Action[];
  readonly counts: ActionCounts;
  /** Of this process: so long it waits before its first action of an episode, so that not every replica acts at once. */
  readonly jitterMs: number;
  monotonicMs(): number;
  /** Must not keep the process alive. */
  setTimer(callback: () => void, ms: number): () => void;
  onProblem(problem: Problem): void;
  onEvent(event: AgentEvent): void;
}

export interface Responder {
  /** One step of the flow; `act` false: says what it would have done. */
  respond(step: ActionStep, act: boolean): void;
  /** Aborts what runs, and starts nothing more. */
  stop(): void;
}

export function createResponder(_parts: ResponderParts): Responder {
  return { respond() {}, stop() {} };
}
