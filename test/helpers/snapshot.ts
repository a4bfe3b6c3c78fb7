/** Snapshots as exporters get them: one of a small service on a good day, and one that has everything at once. */
import { CONSTRAINTS, type Constraint } from '../../agent/model/constraint.ts';
import { COL, COLUMNS, createRow, GC_TYPES, type ColumnName, type Row } from '../../agent/model/row.ts';
import { DEATH_CAUSES, DEATH_EVIDENCE } from '../../agent/model/postmortem.ts';
import type { CacheStatus } from '../../agent/model/cache.ts';
import { createCacheAccounts } from '../../agent/respond/cache-accounts.ts';
import { OUTCOMES, type Identity, type Snapshot } from '../../agent/model/snapshot.ts';

const MiB = 2 ** 20;

export const IDENTITY: Identity = {
  serviceName: 'shop',
  serviceInstanceId: '20261122T101500Z-a1b2c3d4',
  process: 'main',
  agentVersion: '0.1.0',
  nodeVersion: '24.21.0',
  mode: 'protect',
  exporter: 'prometheus',
  resource: { 'k8s.pod.name': 'shop-7d4b9' },
};

export function rowOf(values: Readonly<Partial<Record<ColumnName, number>>>): Row {
  const row = createRow();
  for (const [name, value] of Object.entries(values)) row[COL[name as ColumnName]] = value;
  return row;
}

/** A service in a 512 MiB container, elevated by its heap: no budget, no memory.high, no swap. */
export function ordinarySnapshot(changes: Readonly<Partial<Record<ColumnName, number>>> = {}): Snapshot {
  const row = rowOf({
    wallMs: 1_795_342_500_250,
    monotonicMs: 60_250,
    agentIntervalSeconds: 1,
    heapOldLimitBytes: 256 * MiB,
    heapLiveBytes: 184 * MiB,
    heapExternalBytes: 12 * MiB,
    heapArrayBuffersBytes: 10 * MiB,
    processRssBytes: 300 * MiB,
    processVirtualBytes: 1200 * MiB,
    processMinorFaults: 81_000,
    processMajorFaults: 3,
    processUptimeSeconds: 60.25,
    loopUtilizationRatio: 0.25,
    loopActiveSeconds: 15.5,
    loopIdleSeconds: 44.5,
    loopDelayMaxSeconds: 0.012,
    loopDelayMeanSeconds: 0.001,
    loopDelayP50Seconds: 0.001,
    loopDelayP90Seconds: 0.002,
    loopDelayP99Seconds: 0.01,
    cgroupLimitBytes: 512 * MiB,
    cgroupUsageBytes: 400 * MiB,
    cgroupUnreclaimableBytes: 320 * MiB,
    cgroupPeakBytes: 410 * MiB,
    cgroupHighLimitBytes: Number.POSITIVE_INFINITY,
    cgroupAnonBytes: 290 * MiB,
    cgroupShmemBytes: 0,
    cgroupActiveFileBytes: 30 * MiB,
    cgroupInactiveFileBytes: 45 * MiB,
    cgroupSlabReclaimableBytes: 5 * MiB,
    cgroupKernelBytes: 28 * MiB,
    cgroupSockBytes: MiB,
    cgroupOtherBytes: MiB,
    cgroupEventsLow: 0,
    cgroupEventsHigh: 0,
    cgroupEventsMax: 2,
    cgroupEventsOom: 0,
    cgroupEventsOomKill: 0,
    cgroupStallSomeSeconds: 1.5,
    cgroupStallFullSeconds: 0.25,
    hostTotalBytes: 16_384 * MiB,
    hostAvailableBytes: 8192 * MiB,
    hostSwapTotalBytes: 0,
    hostSwapFreeBytes: 0,
    agentSampleSeconds: 0.00008,
    agentCpuSeconds: 0.5,
    agentMemoryBytes: 200_000,
    agentDroppedRecords: 0,
    new_spaceUsedBytes: 4 * MiB,
    new_spaceSizeBytes: 16 * MiB,
    new_spaceAvailableBytes: 12 * MiB,
    new_spacePhysicalBytes: 16 * MiB,
    old_spaceUsedBytes: 180 * MiB,
    old_spaceSizeBytes: 200 * MiB,
    old_spaceAvailableBytes: 15 * MiB,
    old_spacePhysicalBytes: 190 * MiB,
    shared_spaceUsedBytes: 0,
    shared_spaceSizeBytes: 0,
    ...gcColumns(),
    level: 1,
    pressureRatio: 0.71875,
    bindingConstraint: CONSTRAINTS.indexOf('heap'),
    headroomBytes: 72 * MiB,
    timeToLimitSeconds: 72,
    levelSinceMs: 50_000,
    heapUsageBytes: 184 * MiB,
    heapLimitBytes: 256 * MiB,
    heapUtilizationRatio: 0.71875,
    heapHeadroomBytes: 72 * MiB,
    heapGrowthBytesPerSecond: MiB,
    heapTimeToLimitSeconds: 72,
    containerUsageBytes: 320 * MiB,
    containerLimitBytes: 512 * MiB,
    containerUtilizationRatio: 0.625,
    containerHeadroomBytes: 192 * MiB,
    containerGrowthBytesPerSecond: -2048,
    hostUsageBytes: 8192 * MiB,
    hostLimitBytes: 16_384 * MiB,
    hostUtilizationRatio: 0.5,
    hostHeadroomBytes: 8192 * MiB,
    hostGrowthBytesPerSecond: 0,
    transition_normal_elevated: 2,
    transition_normal_high: 0,
    transition_normal_critical: 1,
    transition_elevated_normal: 2,
    transition_elevated_high: 0,
    transition_elevated_critical: 0,
    transition_high_normal: 0,
    transition_high_elevated: 1,
    transition_high_critical: 0,
    transition_critical_normal: 0,
    transition_critical_elevated: 0,
    transition_critical_high: 1,
    ...changes,
  });
  return {
    row,
    identity: IDENTITY,
    tellsSurroundings: true,
    degraded: [{ reason: 'cgroup_unsupported', detail: 'memory.pressure: ENOTSUP', repair: 'boot with psi=1' }],
    actions: [
      { action: 'drop-thumbnails', outcome: 'done', count: 3 },
      { action: 'close-idle', outcome: 'failed', count: 1 },
    ],
    caches: [cacheStatus('thumbnails')],
    cacheAccounts: createCacheAccounts().update([cacheStatus('thumbnails')]),
    reclaimed: [{ reclaimer: 'thumbnails', promisedBytes: 3 * MiB, freedBytes: 2 * MiB }],
    shed: [{ point: 'http', count: 4 }],
    adaptives: [{ name: 'batch', value: 16 }],
  };
}

/** Pauses that make up the GC columns below, seconds, per type; sums are exact in binary. */
export const GC_PAUSES: Readonly<Record<(typeof GC_TYPES)[number], readonly number[]>> = {
  minor: [0.001953125, 0.00390625, 0.0078125],
  major: [0.0078125, 0.0625, 0.125, 0.5, 2],
  incremental: [0.00390625],
  weakcb: [],
};

function gcColumns(): Partial<Record<ColumnName, number>> {
  const columns: Partial<Record<ColumnName, number>> = {};
  for (const type of GC_TYPES) {
    const pauses = GC_PAUSES[type];
    const upTo = (seconds: number): number => pauses.filter((pause) => pause <= seconds).length;
    columns[`gc_${type}Le0`] = upTo(0.01);
    columns[`gc_${type}Le1`] = upTo(0.1);
    columns[`gc_${type}Le2`] = upTo(1);
    columns[`gc_${type}Le3`] = upTo(10);
    columns[`gc_${type}Count`] = pauses.length;
    columns[`gc_${type}Seconds`] = pauses.reduce((sum, pause) => sum + pause, 0);
  }
  return columns;
}

/** Every column has a value, every constraint its limit, every transition happened, and the lists are long. */
export function worstCaseSnapshot(binding: Constraint = 'container'): Snapshot {
  const row = createRow();
  for (const index of COLUMNS.keys()) row[index] = index + 1;
  row[COL.bindingConstraint] = CONSTRAINTS.indexOf(binding);
  return {
    row,
    identity: IDENTITY,
    tellsSurroundings: true,
    degraded: Array.from({ length: 30 }, (_, i) => ({ reason: `reason-${i}`, detail: '', repair: '' })),
    actions: Array.from({ length: 80 }, (_, i) => ({
      action: `action-${i >> 2}`,
      outcome: OUTCOMES[i & 3] ?? 'done',
      count: i + 1,
    })),
    caches: manyCaches,
    cacheAccounts: createCacheAccounts().update(manyCaches),
    reclaimed: manyCaches.map(({ name }, i) => ({ reclaimer: name, promisedBytes: 20 * i, freedBytes: 10 * i })),
    shed: Array.from({ length: 20 }, (_, i) => ({ point: `point-${i}`, count: i + 1 })),
    adaptives: Array.from({ length: 20 }, (_, i) => ({ name: `adaptive-${i}`, value: i + 1 })),
    deaths: DEATH_CAUSES.flatMap((cause, i) =>
      DEATH_EVIDENCE.map((evidence, j) => ({ cause, evidence, count: 1 + 2 * i + j })),
    ),
  };
}

/** A cache that has been in use; everything about it is known. */
export function cacheStatus(name: string, changes: Partial<CacheStatus> = {}): CacheStatus {
  return {
    name,
    library: 'lru-cache',
    priority: 'normal',
    isDiscovered: false,
    entries: 100,
    bytes: MiB,
    sizeSource: 'sampled',
    limit: { entries: 1000, bytes: undefined },
    capEntries: undefined,
    counts: { hit: 50, miss: 10, expired: 2, evictions: { capacity: 7, ttl: 3, pressure: 5, manual: 1 } },
    ...changes,
  };
}

const manyCaches: readonly CacheStatus[] = Array.from({ length: 1000 }, (_, i) => cacheStatus(`cache-${i}`));
