/** Processes, samples and a death as the API answers them, for what no test can make from real ones: a hundred at once, a name that is markup. */
import type { ApiCache, ApiPoint, ApiProcess } from '../../agent/sidecar/api/types.ts';
import { LEVELS, type LevelName } from '../../agent/model/level.ts';
import type { Postmortem } from '../../agent/model/postmortem.ts';

export const MIB = 2 ** 20;
const ENTER = [0.7, 0.82, 0.92] as const;

export function levelAt(ratio: number): LevelName {
  return LEVELS[ENTER.filter((enter) => ratio >= enter).length] ?? 'normal';
}

export interface Told {
  readonly instance: string;
  readonly service?: string;
  readonly ratio: number;
  readonly limitBytes?: number;
  readonly growthBytesPerSecond?: number;
  readonly wallMs?: number;
}

export function pointOf({
  instance,
  ratio,
  limitBytes = 512 * MIB,
  growthBytesPerSecond = 0,
  wallMs = Date.now(),
}: Told): ApiPoint {
  const usageBytes = limitBytes * ratio;
  return {
    instance,
    process: 'main',
    wallMs,
    level: levelAt(ratio),
    isDrill: false,
    pressureRatio: ratio,
    binding: 'container',
    usageBytes,
    limitBytes,
    headroomBytes: limitBytes - usageBytes,
    timeToLimitSeconds: growthBytesPerSecond > 0 ? (limitBytes - usageBytes) / growthBytesPerSecond : null,
    rssBytes: usageBytes * 0.95,
    heapUsedBytes: usageBytes * 0.7,
    cachesBytes: usageBytes * 0.4,
    job: null,
    stage: null,
  };
}

export function processOf(told: Told, changes: Partial<ApiProcess> = {}): ApiProcess {
  const point = pointOf(told);
  const { usageBytes, limitBytes, headroomBytes, timeToLimitSeconds, wallMs, ...sample } = point;
  return {
    ...sample,
    headroomBytes,
    timeToLimitSeconds,
    service: told.service ?? told.instance,
    container: 'app',
    pid: 4242,
    state: 'live',
    blockedSinceMs: null,
    mode: 'protect',
    exporter: 'sidecar',
    nodeVersion: '24.21.0',
    agentVersion: '0.1.0',
    startedMs: wallMs - 3_600_000,
    sampleMs: wallMs,
    levelSinceMs: wallMs - 40_000,
    externalBytes: 12 * MIB,
    constraints: [
      {
        constraint: 'container',
        usageBytes,
        limitBytes,
        utilizationRatio: told.ratio,
        headroomBytes,
        growthBytesPerSecond: told.growthBytesPerSecond ?? 0,
        timeToLimitSeconds,
      },
      {
        constraint: 'heap',
        usageBytes: (usageBytes ?? 0) * 0.7,
        limitBytes: 1024 * MIB,
        utilizationRatio: ((usageBytes ?? 0) * 0.7) / (1024 * MIB),
        headroomBytes: 1024 * MIB - (usageBytes ?? 0) * 0.7,
        growthBytesPerSecond: told.growthBytesPerSecond ?? 0,
        timeToLimitSeconds: null,
      },
    ],
    enterRatios: ENTER,
    degraded: [],
    ...changes,
  };
}

export function cacheOf(instance: string, name: string, bytes: number): ApiCache {
  return {
    instance,
    process: 'main',
    name,
    library: 'lru-cache',
    priority: 'normal',
    isDiscovered: true,
    entries: Math.round(bytes / 2048),
    bytes,
    sizeSource: 'sampled',
    limitEntries: 200_000,
    limitBytes: null,
    capEntries: null,
    counts: { hit: 91_204, miss: 12_007, expired: 31, evictions: { capacity: 0, ttl: 12, pressure: 4_210, manual: 0 } },
  };
}

export function deathOf(instance: string, service: string, changes: Partial<Postmortem> = {}): Postmortem {
  const diedMs = Date.now() - 2000;
  const told = { instance, ratio: 0.97, wallMs: diedMs - 120 };
  const { constraints, degraded: _, ...last } = processOf({ ...told, growthBytesPerSecond: 3 * MIB });
  return {
    version: 1,
    cause: 'kernel_oom',
    evidence: 'observed',
    confidence: 1,
    because: [
      'The group’s own counter oom_kill rose from 0 to 1.',
      'Its last sample, 0.1 s before the end, was at 97 % of its container limit and growing 3.0 MiB/s.',
    ],
    instance,
    serviceName: service,
    process: 'main',
    pid: 4242,
    nodeVersion: '24.21.0',
    agentVersion: '0.1.0',
    resource: {},
    foundBy: 'sidecar',
    startedMs: diedMs - 600_000,
    diedMs,
    foundMs: diedMs + 40,
    exitCode: null,
    signal: 'SIGKILL',
    last: {
      wallMs: diedMs - 120,
      ageSeconds: 0.12,
      level: 'critical',
      binding: 'container',
      pressureRatio: 0.97,
      headroomBytes: last.headroomBytes,
      growthBytesPerSecond: 3 * MIB,
      timeToLimitSeconds: last.timeToLimitSeconds,
      rssBytes: last.rssBytes,
      heapUsedBytes: last.heapUsedBytes,
      externalBytes: last.externalBytes,
      constraints: constraints.map(({ constraint, usageBytes, limitBytes, utilizationRatio }) => ({
        constraint,
        usageBytes: usageBytes ?? 0,
        limitBytes: limitBytes ?? 0,
        utilizationRatio,
        growthBytesPerSecond: 3 * MIB,
      })),
    },
    caches: [{ name: 'sessions', library: 'lru-cache', bytes: 210 * MIB, entries: 107_520, grewBytes: 180 * MIB }],
    job: null,
    stage: null,
    actions: [
      { action: 'reclaim', outcome: 'done', count: 2 },
      { action: 'reclaim', outcome: 'ineffective', count: 3 },
    ],
    events: [
      {
        name: 'plimsoll.pressure.changed',
        wallMs: diedMs - 40_000,
        severity: 'WARN',
        text: 'container at 72 % of 512 MiB; 143 MiB left',
        attributes: {},
      },
      {
        name: 'plimsoll.pressure.changed',
        wallMs: diedMs - 9000,
        severity: 'FATAL',
        text: 'container at 93 % of 512 MiB; 35 MiB left; limit in about 12 s',
        attributes: {},
      },
    ],
    timeline: Array.from({ length: 60 }, (_x, index) => {
      const point = pointOf({ instance, ratio: 0.4 + (0.57 * index) / 59, wallMs: diedMs - (60 - index) * 2000 });
      return {
        wallMs: point.wallMs,
        level: point.level ?? 'normal',
        pressureRatio: point.pressureRatio,
        usageBytes: point.usageBytes,
        limitBytes: point.limitBytes,
        rssBytes: point.rssBytes,
      };
    }),
    repair:
      'The cache sessions grew by 180 MiB and has no limit in bytes: give it maxSize, or register it so that it gives memory back.',
    recording: `/run/plimsoll/${instance}.ring`,
    ...changes,
  };
}
