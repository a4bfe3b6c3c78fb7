/** What became of a process, and how sure that is. */
import type { Constraint } from './constraint.ts';
import type { LevelName } from './level.ts';
import type { NotedEvent } from './note.ts';
import type { ActionCount } from './snapshot.ts';

/** `plimsoll.death.cause`. `crash`: an error of the program, or a signal that is one; `exit`: it ended itself, or was asked to. */
export const DEATH_CAUSES = ['kernel_oom', 'v8_oom', 'killed', 'crash', 'exit'] as const;
export type DeathCause = (typeof DEATH_CAUSES)[number];

/** `plimsoll.death.evidence`. `observed`: somebody who knows said so (exit status, the group's counter, V8, the process). `inferred`: from the last numbers. */
export const DEATH_EVIDENCE = ['observed', 'inferred'] as const;
export type DeathEvidence = (typeof DEATH_EVIDENCE)[number];

export interface DeathCount {
  readonly cause: DeathCause;
  readonly evidence: DeathEvidence;
  readonly count: number;
}

/** Of one container of a service, since the folder was made: whoever is alerted is so per workload, and a restart takes no count away. */
export interface WorkloadDeaths {
  readonly serviceName: string;
  /** `k8s.container.name`; '' where it is not known. */
  readonly container: string;
  /** Each pair of cause and evidence at most once; one that is missing is 0. */
  readonly counts: readonly DeathCount[];
}
/** Workloads counted apart in a folder; deaths of others are of the service `_other`, container ''. */
export const MAX_WORKLOADS = 16;

/** Who found it dead. */
export type Finder = 'parent' | 'sidecar' | 'successor' | 'command';

export interface Verdict {
  readonly cause: DeathCause;
  readonly evidence: DeathEvidence;
  /** 0 to 1; 1 only for what was observed. */
  readonly confidence: number;
  /** What the verdict rests on, one sentence each, strongest first; what speaks against it too. */
  readonly because: readonly string[];
}

export interface ConstraintState {
  readonly constraint: Constraint;
  readonly usageBytes: number;
  readonly limitBytes: number;
  readonly utilizationRatio: number;
  readonly growthBytesPerSecond: number;
}

/** The last sample. What is not known is null. */
export interface LastState {
  /** ms since the epoch. */
  readonly wallMs: number;
  /** How long before the death it was taken; null where the moment of death is not known. */
  readonly ageSeconds: number | null;
  readonly level: LevelName;
  readonly binding: Constraint | null;
  readonly pressureRatio: number | null;
  readonly headroomBytes: number | null;
  readonly growthBytesPerSecond: number | null;
  readonly timeToLimitSeconds: number | null;
  readonly rssBytes: number | null;
  readonly heapUsedBytes: number | null;
  readonly externalBytes: number | null;
  readonly constraints: readonly ConstraintState[];
}

export interface CacheAtDeath {
  readonly name: string;
  readonly library: string;
  readonly bytes: number;
  readonly entries: number;
  /** Since the oldest record that names it; null: not known. */
  readonly grewBytes: number | null;
}

export interface TimelinePoint {
  /** ms since the epoch. */
  readonly wallMs: number;
  readonly level: LevelName;
  readonly pressureRatio: number | null;
  readonly usageBytes: number | null;
  readonly limitBytes: number | null;
  readonly rssBytes: number | null;
}

/** Plain JSON, as it is stored, answered and exported. */
export interface Postmortem extends Verdict {
  readonly version: 1;
  /** `service.instance.id` of the dead. */
  readonly instance: string;
  readonly serviceName: string;
  readonly process: string;
  readonly pid: number | null;
  readonly nodeVersion: string;
  readonly agentVersion: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly foundBy: Finder;
  /** ms since the epoch. */
  readonly startedMs: number;
  /** ms since the epoch; null: not known, between the last sample and when it was found. */
  readonly diedMs: number | null;
  readonly foundMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** null: it lived too short for a sample. */
  readonly last: LastState | null;
  /** The largest first. */
  readonly caches: readonly CacheAtDeath[];
  /** Innermost work at the last sample; null: none was named. */
  readonly job: string | null;
  readonly stage: string | null;
  /** What was tried. */
  readonly actions: readonly ActionCount[];
  readonly events: readonly NotedEvent[];
  /** Of the last minutes, oldest first, at most 120. */
  readonly timeline: readonly TimelinePoint[];
  /** What would have helped; null: the numbers do not tell. */
  readonly repair: string | null;
  /** Path of the ring file. */
  readonly recording: string;
}
