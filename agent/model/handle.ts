import type { AdaptiveOptions, AdaptiveValue } from './adaptive.ts';
import type { Assessment } from './assessment.ts';
import type { CacheOptions, CacheStatus, ClearedCache } from './cache.ts';
import type { LevelName } from './level.ts';
import type { Reclaimer, ReclaimOutcome } from './reclaim.ts';
import type { ReadingName } from './row.ts';
import type { Degradation, Mode } from './snapshot.ts';
import type { HistoryRow, Resolution } from './window.ts';

/** Where a process's one agent is found; version 1 of this interface. */
export const AGENT_SYMBOL = Symbol.for('plimsoll.agent.v1');

/** Set on `process` while `start()` loads the preload file, which then does not start by itself. */
export const MANUAL_START = Symbol.for('plimsoll.manual-start.v1');

/** What a pressure handler is told. */
export interface PressureNotice {
  readonly level: LevelName;
  readonly previous: LevelName;
  readonly assessment: Assessment;
  /** How many bytes it would help to give back; 0 at normal. */
  readonly targetBytes: number;
  /** Wall clock, ms since the epoch, by which an async handler should be done. */
  readonly deadlineMs: number;
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
}

export type PressureHandler = (notice: PressureNotice) => unknown;

/** A level: the level rises to it or past it. `change`: any change. `exit`: back to normal. */
export type PressureTopic = Exclude<LevelName, 'normal'> | 'change' | 'exit';

export interface PressureHandlerOptions {
  /** Shown in events and metrics; default: the function's name, else `handler-<n>`. */
  readonly name?: string;
  /** Time an async handler has, ms; default 10 000, at most 600 000. */
  readonly timeoutMs?: number;
}

export interface Trend {
  readonly direction: 'rising' | 'falling' | 'steady';
  readonly pressurePerMinute: number;
  /** Growth of the binding constraint's use. */
  readonly bytesPerSecond: number;
}

export interface Status {
  /** Whether an agent runs in this process and has sampled at least once. */
  readonly available: boolean;
  readonly mode: Mode;
  readonly assessment: Assessment;
  /** The latest sample by reading name; what is unavailable is undefined. */
  readonly sample: Readonly<Partial<Record<ReadingName, number>>>;
  readonly degraded: readonly Degradation[];
  readonly listening: string | undefined;
  readonly recording: string | undefined;
}

export interface HistoryQuery {
  /** Only rows of the last so many ms. */
  readonly sinceMs?: number;
  readonly resolution?: Resolution;
}

/** The agent as everything outside sees it. */
export interface AgentHandle {
  readonly version: string;
  status(): Status;
  history(query?: HistoryQuery): readonly HistoryRow[];
  averagePressure(ms: number): number;
  trend(): Trend;
  reclaimTargetBytes(): number;
  onPressure(topic: PressureTopic, handler: PressureHandler, options?: PressureHandlerOptions): () => void;
  registerReclaimer(reclaimer: Reclaimer): () => void;
  registerCache(cache: unknown, options: CacheOptions): () => void;
  adaptive(name: string, options: AdaptiveOptions): AdaptiveValue;
  /** Gives back now what `targetBytes` says, by default `reclaimTargetBytes()`; never rejects. */
  reclaim(targetBytes?: number): Promise<ReclaimOutcome>;
  caches(): readonly CacheStatus[];
  /** Empties one, or all that were registered and may be evicted from; never rejects. Answers what was freed. */
  clearCaches(name?: string): Promise<readonly ClearedCache[]>;
  /** Bytes until the binding constraint's `high`; Infinity: nothing limits the process. */
  roomBytes(): number;
  shouldShed(point: string): boolean;
  /** Releases every timer, file and listener; the process may start a new agent afterwards. */
  stop(): Promise<void>;
}

/** What a process without an agent reports: everything as at normal. */
export const IDLE_ASSESSMENT: Assessment = {
  level: 0,
  sinceMs: 0,
  atMs: 0,
  pressureRatio: 0,
  binding: undefined,
  headroomBytes: undefined,
  timeToLimitSeconds: undefined,
  reasons: [],
  constraints: [],
};

export const IDLE_STATUS: Status = {
  available: false,
  mode: 'off',
  assessment: IDLE_ASSESSMENT,
  sample: {},
  degraded: [],
  listening: undefined,
  recording: undefined,
};

export const IDLE_TREND: Trend = { direction: 'steady', pressurePerMinute: 0, bytesPerSecond: 0 };

/**
 * The agent of this process, from any realm and any copy of the package. A vm context (Jest) has its own globalThis and
 * shares `process`; a worker thread has neither.
 */
export function findAgent(): AgentHandle | undefined {
  const found: unknown = Reflect.get(globalThis, AGENT_SYMBOL) ?? Reflect.get(process, AGENT_SYMBOL);
  return found as AgentHandle | undefined;
}
