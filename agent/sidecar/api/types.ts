/** What the routes of the HTTP API answer, as its page and other programs read it. Bytes, ms since the epoch, ratios; null is not known. */
import type { CacheStatus, SizeSource } from '../../model/cache.ts';
import type { Constraint } from '../../model/constraint.ts';
import type { LevelName } from '../../model/level.ts';
import type { NotedEvent } from '../../model/note.ts';
import type { DeathCount, Postmortem } from '../../model/postmortem.ts';
import type { Degradation } from '../../model/snapshot.ts';
import type { MemberState } from '../fleet.ts';

export interface ApiConstraint {
  readonly constraint: Constraint;
  readonly usageBytes: number | null;
  readonly limitBytes: number | null;
  readonly utilizationRatio: number;
  readonly headroomBytes: number | null;
  readonly growthBytesPerSecond: number | null;
  readonly timeToLimitSeconds: number | null;
}

/** One process. */
export interface ApiProcess {
  readonly instance: string;
  readonly service: string;
  /** `k8s.container.name` of the application, '' where it is not known. */
  readonly container: string;
  /** Slot: `main`, `worker-1`. */
  readonly process: string;
  readonly pid: number | null;
  readonly state: MemberState;
  readonly blockedSinceMs: number | null;
  readonly mode: string;
  readonly exporter: string;
  readonly nodeVersion: string;
  readonly agentVersion: string;
  readonly startedMs: number;
  /** When the latest sample was taken. */
  readonly sampleMs: number | null;
  readonly level: LevelName | null;
  readonly levelSinceMs: number | null;
  /** A drill raises the level now. */
  readonly isDrill: boolean;
  readonly pressureRatio: number | null;
  readonly binding: Constraint | null;
  readonly headroomBytes: number | null;
  readonly timeToLimitSeconds: number | null;
  readonly rssBytes: number | null;
  readonly heapUsedBytes: number | null;
  readonly externalBytes: number | null;
  readonly cachesBytes: number | null;
  readonly job: string | null;
  readonly stage: string | null;
  readonly constraints: readonly ApiConstraint[];
  /** Where elevated, high and critical begin, for the binding constraint; null: that level is disabled, or the ring file does not say. */
  readonly enterRatios: readonly (number | null)[];
  readonly degraded: readonly Degradation[];
}

/** `GET /api/v1/memory/status`. */
export interface ApiMemoryStatus {
  readonly nowMs: number;
  /** Worst first: level, then pressure. */
  readonly processes: readonly ApiProcess[];
  readonly deaths: readonly DeathCount[];
}

export interface ApiCache extends Omit<CacheStatus, 'limit'> {
  readonly instance: string;
  readonly process: string;
  readonly sizeSource: SizeSource;
  readonly limitEntries: number | null;
  readonly limitBytes: number | null;
}

/** `GET /api/v1/cache/stats`. */
export interface ApiCacheStats {
  readonly caches: readonly ApiCache[];
  readonly total: {
    readonly caches: number;
    readonly entries: number;
    readonly bytes: number;
    readonly hits: number;
    readonly misses: number;
    readonly hitRatio: number;
  };
}

/** A sample at one moment, as history and live charts show it. */
export interface ApiPoint {
  readonly instance: string;
  readonly process: string;
  readonly wallMs: number;
  readonly level: LevelName | null;
  readonly isDrill: boolean;
  readonly pressureRatio: number | null;
  readonly binding: Constraint | null;
  readonly usageBytes: number | null;
  readonly limitBytes: number | null;
  readonly headroomBytes: number | null;
  readonly timeToLimitSeconds: number | null;
  readonly rssBytes: number | null;
  readonly heapUsedBytes: number | null;
  readonly cachesBytes: number | null;
  readonly job: string | null;
  readonly stage: string | null;
}

/** Paged answers: `next` is the cursor of the next page (`?cursor=`), null at the end. */
export interface ApiPage {
  readonly next: string | null;
}

/** `GET /api/v1/memory/history`, oldest first. */
export interface ApiHistory extends ApiPage {
  readonly points: readonly ApiPoint[];
}

export interface ApiEvent extends NotedEvent {
  readonly instance: string;
}

/** `GET /api/v1/memory/alerts`, newest first. `warning`: elevated, high; `critical`. */
export interface ApiAlerts extends ApiPage {
  readonly alerts: readonly {
    readonly type: 'warning' | 'critical';
    readonly instance: string;
    readonly wallMs: number;
    readonly level: LevelName;
    readonly memoryBytes: number | null;
    readonly thresholdBytes: number | null;
    readonly message: string;
  }[];
}

/** `GET /api/v1/postmortems`, newest first. */
export interface ApiPostmortems extends ApiPage {
  readonly postmortems: readonly Postmortem[];
}

/**
 * `GET /api/v1/events`: server-sent events. First one `status`, then as things happen; `samples` once a second with the newest of each process
 * that has a new one.
 */
export interface ApiStream {
  readonly status: ApiMemoryStatus;
  readonly samples: readonly ApiPoint[];
  readonly event: ApiEvent;
  readonly postmortem: Postmortem;
}
