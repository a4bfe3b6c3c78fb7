import type { Row } from './row.ts';

/** Whether the agent acts. `observe` says what it would have done; `protect` does it. */
export type Mode = 'off' | 'observe' | 'protect';

/** Who the numbers are about. `serviceInstanceId` is the ring file's name: start time and random, never a pid. */
export interface Identity {
  readonly serviceName: string;
  readonly serviceInstanceId: string;
  /** Slot that is reused: `main`, `worker-1`. */
  readonly process: string;
  readonly agentVersion: string;
  readonly nodeVersion: string;
  readonly mode: Mode;
  readonly exporter: string;
  /** OTEL_RESOURCE_ATTRIBUTES and what was detected beside the above. */
  readonly resource: Readonly<Record<string, string>>;
}

/** Something the agent has to do without. `reason` is short and bounded: it becomes a metric label. */
export interface Degradation {
  readonly reason: string;
  readonly detail: string;
  readonly repair: string;
}

/** How an action ended; `skipped` includes `observe` mode. */
export const OUTCOMES = ['done', 'ineffective', 'skipped', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface ActionCount {
  readonly action: string;
  readonly outcome: Outcome;
  readonly count: number;
}

/** What an exporter is given: the latest row and the few facts that are no numbers. Read it, never keep it. */
export interface Snapshot {
  readonly row: Row;
  readonly identity: Identity;
  /** Whether this process also tells of its container and its host: one process of a container does. */
  readonly tellsSurroundings: boolean;
  readonly degraded: readonly Degradation[];
  /** In the order in which each pair first occurred: exporters count late ones together, and a count must never fall. */
  readonly actions: readonly ActionCount[];
}
