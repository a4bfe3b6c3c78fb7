/** What the routes of the HTTP API answer, as its page and other programs read it. Bytes, ms since the epoch, ratios; null is not known. */
import type { CacheResult, CacheStatus, ClearedCache, EvictionReason } from '../../model/cache.ts';
import type { Constraint } from '../../model/constraint.ts';
import type { CaptureKind } from '../../model/event.ts';
import type { LevelName } from '../../model/level.ts';
import type { NotedEvent } from '../../model/note.ts';
import type { DeathCount, Postmortem } from '../../model/postmortem.ts';
import type { ReclaimOutcome } from '../../model/reclaim.ts';
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

export interface ApiCache extends Omit<CacheStatus, 'limit' | 'capEntries' | 'counts'> {
  readonly instance: string;
  readonly process: string;
  readonly limitEntries: number | null;
  readonly limitBytes: number | null;
  /** It may not hold more than this until the pressure is over. */
  readonly capEntries: number | null;
  /** Cumulative. */
  readonly counts: Readonly<Record<CacheResult, number | null>> & {
    readonly evictions: Readonly<Record<EvictionReason, number | null>>;
  };
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

/** `GET /api/v1/events` of who asks for `application/json`, newest first: what a stream would have told. */
export interface ApiEvents extends ApiPage {
  readonly events: readonly ApiEvent[];
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

/** `GET /api/v1/status/system`. */
export interface ApiSystemStatus {
  readonly cache: ApiCacheStats;
  readonly memory: ApiMemoryStatus;
}

/** What memory was while something of the application ran. */
interface ApiSpan {
  readonly instance: string;
  readonly process: string;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly startBytes: number | null;
  readonly endBytes: number | null;
  readonly deltaBytes: number | null;
  readonly peakBytes: number | null;
  readonly averageBytes: number | null;
  readonly allocatedBytes: number | null;
  readonly samples: number;
}

/** `GET /api/v1/memory/stages`. */
export interface ApiStages {
  readonly stages: readonly (ApiSpan & { readonly job: string | null; readonly stage: string })[];
}

/** `GET /api/v1/memory/components`. */
export interface ApiComponents {
  readonly components: readonly (ApiSpan & { readonly component: string })[];
}

/** `GET /api/v1/admin/memory-stats`: as scripts for psutil expect it. */
export interface ApiAdminMemoryStats {
  readonly processes: readonly {
    readonly instance: string;
    readonly process: string;
    readonly rss: number | null;
    readonly virtual: number | null;
    /** RSS of the machine's memory. */
    readonly percent: number | null;
  }[];
  /** Of the machine, as the sidecar sees it. */
  readonly available: number;
  readonly total: number;
  /** Since it was asked for last. */
  readonly cpu_percent: number | null;
  /** Of the disk that holds the data folder. */
  readonly disk_percent: number | null;
}

/** `GET /api/v1/admin/memory-history`. */
export interface ApiAdminMemoryHistory {
  readonly job_id: string | null;
  /** Oldest first, the newest 1000. */
  readonly metrics: readonly {
    readonly instance: string;
    readonly job_id: string | null;
    readonly stage: string | null;
    readonly memory_rss_bytes: number | null;
    readonly heap_bytes: number | null;
    /** ISO 8601. */
    readonly at: string;
  }[];
  readonly count: number;
}

export interface ApiCapture {
  /** Its file's name. */
  readonly id: string;
  readonly kind: CaptureKind;
  readonly instance: string;
  readonly wallMs: number;
  readonly bytes: number;
}

/** `GET /api/v1/captures`, newest first. */
export interface ApiCaptures extends ApiPage {
  readonly captures: readonly ApiCapture[];
}

/** A process that was asked and did not do it. */
export interface ApiFailed {
  readonly instance: string;
  readonly process: string;
  readonly code: string;
  readonly message: string;
}

/** `DELETE /api/v1/cache/clear`. */
export interface ApiCleared {
  readonly cleared: readonly (ClearedCache & { readonly instance: string; readonly process: string })[];
  readonly entries: number;
  readonly bytes: number;
  readonly failed: readonly ApiFailed[];
}

/** `POST /api/v1/reclaim`. */
export interface ApiReclaimed {
  readonly outcomes: readonly (ReclaimOutcome & { readonly instance: string; readonly process: string })[];
  readonly freedBytes: number;
  readonly failed: readonly ApiFailed[];
}

/** `POST /api/v1/drills`. */
export interface ApiDrilled {
  readonly drills: readonly { readonly instance: string; readonly process: string; readonly untilMs: number }[];
  readonly failed: readonly ApiFailed[];
}

/** `POST /api/v1/captures`. */
export interface ApiCaptured {
  readonly captures: readonly {
    readonly instance: string;
    readonly process: string;
    readonly id: string;
    readonly bytes: number;
  }[];
  readonly failed: readonly ApiFailed[];
}

/** Every answer that is no success: `application/problem+json`, RFC 9457. */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was wrong, what is allowed, what happens now. */
  readonly detail: string;
  /** Of docs/errors.md. */
  readonly code: string;
}
