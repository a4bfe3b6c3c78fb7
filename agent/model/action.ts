/** Something done at a level, inside its budget. */
import type { Assessment } from './assessment.ts';
import type { Level, LevelName } from './level.ts';
import type { Row } from './row.ts';
import type { Outcome } from './snapshot.ts';

/** After a run that did not help, or failed, it waits longer each time: agent/respond/back-off.ts. */
export interface ActionBudget {
  /** Between the end of one and the start of the next; a higher level than before does not wait for it. */
  readonly coolDownMs: number;
  /** At most so many within any `windowMs`, whatever the level and however urgent; a run that answers `skipped` is not one of them. */
  readonly count: number;
  readonly windowMs: number;
  /** It is aborted, and counted as failed, after this; the next action does not wait longer for it. */
  readonly timeMs: number;
}

export interface ActionStep {
  readonly previous: Level;
  readonly assessment: Assessment;
  /** The latest sample; read it, never keep it. */
  readonly row: Row;
  /** Bytes it would help to give back. */
  readonly targetBytes: number;
}

export interface ActionResult {
  readonly outcome: Outcome;
  readonly detail: string;
  /** Of what gives memory back: what was said, and what a measurement showed. */
  readonly promisedBytes?: number;
  readonly freedBytes?: number;
  /** Of what leaves a file. */
  readonly written?: { readonly path: string; readonly bytes: number };
}

export interface Action {
  /** Verb-object, as in metrics and events. */
  readonly name: string;
  /** The lowest level at which it runs. */
  readonly from: Exclude<LevelName, 'normal'>;
  readonly budget: ActionBudget;
  /**
   * Whether its cool-down must not be waited for: the limit will be reached before. Default: never.
   */
  isUrgent?(step: ActionStep): boolean;
  /**
   * One line: what `run` would do now, read after "would". undefined: there is nothing to do, and nothing is counted. Never changes
   * anything. Cheap: it is asked at each sample at which the action is allowed to run.
   */
  plan(step: ActionStep): string | undefined;
  run(step: ActionStep, signal: AbortSignal): ActionResult | Promise<ActionResult>;
}
