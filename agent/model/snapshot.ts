import type { CacheAccounts, CacheStatus } from './cache.ts';
import type { DeathCount } from './postmortem.ts';
import type { ReclaimTotal } from './reclaim.ts';
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
  /** As `actions`, in the order in which they were first seen; each name once. */
  readonly caches: readonly CacheStatus[];
  /** The same for exporters: few names, and counts that do not fall with a cache that went. undefined: there never was one. */
  readonly cacheAccounts: CacheAccounts | undefined;
  readonly reclaimed: readonly ReclaimTotal[];
  readonly shed: readonly ShedCount[];
  readonly adaptives: readonly AdaptiveState[];
  /** Of this service and container, this process's predecessors included; absent: somebody else tells of them, or nobody can. */
  readonly deaths?: readonly DeathCount[];
}

/** Of a process in which nothing was registered and nothing refused. */
export const NOTHING_GIVEN_BACK = {
  caches: [],
  cacheAccounts: undefined,
  reclaimed: [],
  shed: [],
  adaptives: [],
} as const;

/** Requests that were refused at a point since the start. */
export interface ShedCount {
  readonly point: string;
  readonly count: number;
}

export interface AdaptiveState {
  readonly name: string;
  readonly value: number;
}
