/**
 * What the routes answer, as JSON Schema for OpenAPI. The code is checked against types.ts, and a test lets the compiler hold both equal. No program
 * that runs loads this file: scripts/docs-api.ts does.
 */
import { Type } from 'typebox';

import { PRIORITIES, SIZE_SOURCES } from '../../model/cache.ts';
import { CONSTRAINTS } from '../../model/constraint.ts';
import { OUTCOMES } from '../../model/snapshot.ts';
import {
  binding,
  cause,
  Degradation,
  evidence,
  level,
  maybe,
  maybeLevel,
  maybeText,
  noted,
  number,
  Postmortem,
  text,
  who,
} from './schema-parts.ts';

const next = maybeText;

const Process = Type.Object({
  ...who,
  service: text,
  container: text,
  pid: maybe,
  state: Type.Enum(['live', 'blocked', 'ended']),
  blockedSinceMs: maybe,
  mode: text,
  exporter: text,
  nodeVersion: text,
  agentVersion: text,
  startedMs: number,
  sampleMs: maybe,
  level: maybeLevel,
  levelSinceMs: maybe,
  isDrill: Type.Boolean(),
  pressureRatio: maybe,
  binding,
  headroomBytes: maybe,
  timeToLimitSeconds: maybe,
  rssBytes: maybe,
  heapUsedBytes: maybe,
  externalBytes: maybe,
  cachesBytes: maybe,
  job: maybeText,
  stage: maybeText,
  constraints: Type.Array(
    Type.Object({
      constraint: Type.Enum([...CONSTRAINTS]),
      usageBytes: maybe,
      limitBytes: maybe,
      utilizationRatio: number,
      headroomBytes: maybe,
      growthBytesPerSecond: maybe,
      timeToLimitSeconds: maybe,
    }),
  ),
  enterRatios: Type.Array(maybe),
  degraded: Type.Array(Degradation),
});

const MemoryStatus = Type.Object({
  nowMs: number,
  processes: Type.Array(Process),
  deaths: Type.Array(Type.Object({ cause, evidence, count: number })),
});

const Cache = Type.Object({
  ...who,
  name: text,
  library: text,
  priority: Type.Enum([...PRIORITIES]),
  isDiscovered: Type.Boolean(),
  entries: number,
  bytes: number,
  sizeSource: Type.Enum([...SIZE_SOURCES]),
  limitEntries: maybe,
  limitBytes: maybe,
  capEntries: maybe,
  counts: Type.Object({
    hit: maybe,
    miss: maybe,
    expired: maybe,
    evictions: Type.Object({ capacity: maybe, ttl: maybe, pressure: maybe, manual: maybe }),
  }),
});

const CacheStats = Type.Object({
  caches: Type.Array(Cache),
  total: Type.Object({
    caches: number,
    entries: number,
    bytes: number,
    hits: number,
    misses: number,
    hitRatio: number,
  }),
});

const Point = Type.Object({
  ...who,
  wallMs: number,
  level: maybeLevel,
  isDrill: Type.Boolean(),
  pressureRatio: maybe,
  binding,
  usageBytes: maybe,
  limitBytes: maybe,
  headroomBytes: maybe,
  timeToLimitSeconds: maybe,
  rssBytes: maybe,
  heapUsedBytes: maybe,
  cachesBytes: maybe,
  job: maybeText,
  stage: maybeText,
});

const span = {
  ...who,
  startMs: number,
  endMs: maybe,
  startBytes: maybe,
  endBytes: maybe,
  deltaBytes: maybe,
  peakBytes: maybe,
  averageBytes: maybe,
  allocatedBytes: maybe,
  samples: number,
};

const Event = Type.Object({ ...noted, instance: text });

const failed = Type.Array(Type.Object({ ...who, code: text, message: text }));
const kind = Type.Enum(['report', 'profile', 'snapshot']);

/** By the names that they have in OpenAPI. */
export const SCHEMAS = {
  SystemStatus: Type.Object({ cache: CacheStats, memory: MemoryStatus }),
  MemoryStatus,
  History: Type.Object({ next, points: Type.Array(Point) }),
  Alerts: Type.Object({
    next,
    alerts: Type.Array(
      Type.Object({
        type: Type.Enum(['warning', 'critical']),
        instance: text,
        wallMs: number,
        level,
        memoryBytes: maybe,
        thresholdBytes: maybe,
        message: text,
      }),
    ),
  }),
  Stages: Type.Object({ stages: Type.Array(Type.Object({ ...span, job: maybeText, stage: text })) }),
  Components: Type.Object({ components: Type.Array(Type.Object({ ...span, component: text })) }),
  CacheStats,
  Cleared: Type.Object({
    cleared: Type.Array(Type.Object({ ...who, name: text, entries: number, bytes: number })),
    entries: number,
    bytes: number,
    failed,
  }),
  AdminMemoryStats: Type.Object({
    processes: Type.Array(Type.Object({ ...who, rss: maybe, virtual: maybe, percent: maybe })),
    available: number,
    total: number,
    cpu_percent: maybe,
    disk_percent: maybe,
  }),
  AdminMemoryHistory: Type.Object({
    job_id: maybeText,
    metrics: Type.Array(
      Type.Object({
        instance: text,
        job_id: maybeText,
        stage: maybeText,
        memory_rss_bytes: maybe,
        heap_bytes: maybe,
        at: text,
      }),
    ),
    count: number,
  }),
  Postmortems: Type.Object({ next, postmortems: Type.Array(Postmortem) }),
  Postmortem,
  Captures: Type.Object({
    next,
    captures: Type.Array(Type.Object({ id: text, kind, instance: text, wallMs: number, bytes: number })),
  }),
  Drilled: Type.Object({ drills: Type.Array(Type.Object({ ...who, untilMs: number })), failed }),
  Captured: Type.Object({ captures: Type.Array(Type.Object({ ...who, id: text, bytes: number })), failed }),
  Reclaimed: Type.Object({
    outcomes: Type.Array(
      Type.Object({
        ...who,
        outcome: Type.Enum([...OUTCOMES]),
        detail: text,
        targetBytes: number,
        promisedBytes: number,
        freedBytes: number,
        returnedBytes: number,
        shares: Type.Array(
          Type.Object({ name: text, askedBytes: number, promisedBytes: number, freedBytes: number, trouble: text }),
        ),
        collections: number,
        collectionMs: number,
        longestBlockMs: number,
      }),
    ),
    freedBytes: number,
    failed,
  }),
  Problem: Type.Object({ type: text, title: text, status: number, detail: text, code: text }),
  Events: Type.Object({ next, events: Type.Array(Event) }),
  /** Of the stream. */
  Event,
  Points: Type.Array(Point),
} as const;

export type SchemaName = keyof typeof SCHEMAS;
