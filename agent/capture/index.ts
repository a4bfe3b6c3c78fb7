/** What is written at critical for whoever looks into it later: `PLIMSOLL_CAPTURE`. */
import type { Action } from '../model/action.ts';
import type { AgentEvent, CaptureKind } from '../model/event.ts';
import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Window } from '../model/window.ts';

export interface CaptureParts {
  readonly kind: CaptureKind | 'off';
  readonly directory: string;
  readonly quotaBytes: number;
  readonly window: Window;
  snapshot(): Snapshot;
  monotonicMs(): number;
  wallMs(): number;
  onProblem(problem: Problem): void;
  onEvent(event: AgentEvent): void;
}

/** In the order in which they run; none where nothing is to be written. */
export function createCaptures(_parts: CaptureParts): readonly Action[] {
  return [];
}
