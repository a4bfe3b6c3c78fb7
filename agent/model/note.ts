/**
 * What a ring file says beside its records: everything of a snapshot that is no number of a row. Written at most once a second, and only
 * when it changed.
 */
import type { CacheStatus } from './cache.ts';
import type { AgentEvent } from './event.ts';
import type { Snapshot } from './snapshot.ts';

/** Names in a note; a column that holds a name holds its index. The last is for all that had no room: `_other`. */
export const MAX_NOTED_NAMES = 64;
/** The largest caches. */
export const MAX_NOTED_CACHES = 8;
/** The newest events. */
export const MAX_NOTED_EVENTS = 24;

/** An event as it is kept and told: nothing in it needs the agent that made it. */
export interface NotedEvent {
  readonly name: AgentEvent['name'];
  /** ms since the epoch. */
  readonly wallMs: number;
  readonly severity: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
  /** One line for a person. */
  readonly text: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

type OfSnapshot = 'degraded' | 'actions' | 'cacheAccounts' | 'reclaimed' | 'shed' | 'adaptives';

export interface RingNote extends Pick<Snapshot, OfSnapshot> {
  /** When it was written, ms since the epoch. */
  readonly wallMs: number;
  readonly mode: string;
  readonly exporter: string;
  /** What the columns `jobName`, `stageName` and `cache1Name` … point to. An entry never changes its place. */
  readonly names: readonly string[];
  /** The largest first. */
  readonly caches: readonly CacheStatus[];
  /** Oldest first. */
  readonly events: readonly NotedEvent[];
}
