import { CONSTRAINTS, type Constraint } from './constraint.ts';
import { LEVELS, TRANSITIONS } from './level.ts';

/**
 * One sample is one row of numbers: the readings of every source, then the verdict of the classifier.
 * The same layout is kept in memory, written to the ring file and handed to the exporters, so this
 * table is the only place where a column is named. The unit is in the name; NaN means unavailable.
 */

/** V8's heap spaces; V8 12.4 (Node 22) to 14.6 (Node 26) know these. A space a version lacks stays NaN. */
export const HEAP_SPACES = [
  'read_only_space',
  'new_space',
  'old_space',
  'code_space',
  'shared_space',
  'trusted_space',
  'shared_trusted_space',
  'new_large_object_space',
  'large_object_space',
  'code_large_object_space',
  'shared_large_object_space',
  'trusted_large_object_space',
  'shared_trusted_large_object_space',
] as const;
export type HeapSpace = (typeof HEAP_SPACES)[number];

/** `v8js.gc.type` of the semantic conventions. */
export const GC_TYPES = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcType = (typeof GC_TYPES)[number];

/** Upper bounds of the `v8js.gc.duration` histogram, as the semantic conventions advise. */
export const GC_BUCKETS_SECONDS = [0.01, 0.1, 1, 10] as const;

const SPACE_COLUMNS = ['UsedBytes', 'SizeBytes', 'AvailableBytes', 'PhysicalBytes'] as const;
type SpaceColumn = `${HeapSpace}${(typeof SPACE_COLUMNS)[number]}`;

/** A GC type's columns: cumulative counts per bucket (`Le0`..`Le3`), total count, total seconds. */
const GC_COLUMNS = ['Le0', 'Le1', 'Le2', 'Le3', 'Count', 'Seconds'] as const;
type GcColumn = `gc_${GcType}${(typeof GC_COLUMNS)[number]}`;

const CONSTRAINT_COLUMNS = [
  'UsageBytes',
  'LimitBytes',
  'UtilizationRatio',
  'HeadroomBytes',
  'GrowthBytesPerSecond',
  'TimeToLimitSeconds',
] as const;
type ConstraintColumn = `${Constraint}${(typeof CONSTRAINT_COLUMNS)[number]}`;
type TransitionColumn = `transition_${(typeof LEVELS)[number]}_${(typeof LEVELS)[number]}`;

const READING_NAMES = [
  /** Wall clock, ms since the epoch, and the monotonic clock, ms since an arbitrary start. */
  'wallMs',
  'monotonicMs',

  // v8
  'heapOldUsedBytes', // used over all spaces but new, new_large_object and read_only
  'heapNewLargeUsedBytes', // large objects still counted as young
  'heapOldPagesBytes', // pages held for the old generation, what is empty in them included
  'heapOldLimitBytes', // the old generation's true limit
  'heapLiveBytes', // live set of the old generation by its last three major GCs; NaN before the first
  'heapUsedBytes',
  'heapTotalBytes',
  'heapSizeLimitBytes',
  'heapExternalBytes',
  'heapArrayBuffersBytes',
  'heapMallocedBytes',

  // the worker thread whose old generation is fullest against its limit
  'workerThreadId',
  'workerUsedBytes', // what its old generation holds at least, garbage of its own included
  'workerSteadyUsedBytes', // what its collections leave
  'workerOldLimitBytes',

  // event loop: utilization and delays over the time since the previous full sample; time totals since start
  'loopUtilizationRatio',
  'loopActiveSeconds',
  'loopIdleSeconds',
  'loopDelayMinSeconds',
  'loopDelayMaxSeconds',
  'loopDelayMeanSeconds',
  'loopDelayStddevSeconds',
  'loopDelayP50Seconds',
  'loopDelayP90Seconds',
  'loopDelayP99Seconds',

  // process
  'processRssBytes',
  'processVirtualBytes',
  'processMinorFaults',
  'processMajorFaults',
  'processUptimeSeconds',

  // the user's budget for this process's RSS
  'budgetLimitOptionBytes',

  // cgroup. Usage and limit are read at the same level: the one that is fullest.
  'cgroupLimitBytes', // memory.max; Infinity = no level has a limit
  'cgroupUsageBytes', // memory.current of that level
  'cgroupUnreclaimableBytes',
  'cgroupWorkingSetBytes',
  'cgroupPeakBytes',
  'cgroupHighLimitBytes',
  'cgroupHighUnreclaimableBytes', // memory.high and the use at its level
  'cgroupSwapUsageBytes',
  'cgroupSwapLimitBytes',
  // disjoint parts of the process's own group (or the limiting one where that differs); their sum is its usage
  'cgroupAnonBytes',
  'cgroupShmemBytes',
  'cgroupActiveFileBytes',
  'cgroupInactiveFileBytes',
  'cgroupSlabReclaimableBytes',
  'cgroupKernelBytes',
  'cgroupSockBytes',
  'cgroupOtherBytes',
  // memory.events of the same level, cumulative. cgroup v1: max is failcnt, oom_kill from memory.oom_control
  'cgroupEventsLow',
  'cgroupEventsHigh',
  'cgroupEventsMax',
  'cgroupEventsOom',
  'cgroupEventsOomKill',
  'cgroupOwnOomKills', // of the process's own group, as the kernel counts it: what a reader finds there after a death is compared with it
  'cgroupStallSomeSeconds',
  'cgroupStallFullSeconds', // PSI of the group's own memory.pressure

  // host
  'hostTotalBytes',
  'hostAvailableBytes',
  'hostSwapTotalBytes',
  'hostSwapFreeBytes',

  // the agent's own cost
  'agentSampleSeconds',
  'agentCpuSeconds',
  'agentMemoryBytes',
  'agentDroppedRecords',
  'agentIntervalSeconds', // longest time to the next full sample while the event loop is free

  // what the application does and holds; a name is an index into the names of the ring file's note
  'jobName',
  'stageName',
  'cachesBytes', // of all caches that are known
  'cache1Name',
  'cache1Bytes', // the largest, …
  'cache2Name',
  'cache2Bytes',
  'cache3Name',
  'cache3Bytes',
] as const;
type PlainReading = (typeof READING_NAMES)[number];

const VERDICT_NAMES = [
  'level',
  'pressureRatio',
  'bindingConstraint',
  'headroomBytes',
  'timeToLimitSeconds',
  'levelSinceMs',
  'drillLevel', // NaN: no drill; else the level that the drill asks for
] as const;
type PlainVerdict = (typeof VERDICT_NAMES)[number];

/** What sources fill. */
export type ReadingName = PlainReading | SpaceColumn | GcColumn;
/** What the classifier adds. `bindingConstraint` is an index into CONSTRAINTS or −1; `levelSinceMs` is monotonic. */
export type VerdictName = PlainVerdict | ConstraintColumn | TransitionColumn;
export type ColumnName = ReadingName | VerdictName;

/** All columns in row order. The ring file's header carries this list, so a reader never assumes it. */
export const COLUMNS: readonly ColumnName[] = [
  ...READING_NAMES,
  ...HEAP_SPACES.flatMap((space) => SPACE_COLUMNS.map((column) => `${space}${column}` as const)),
  ...GC_TYPES.flatMap((type) => GC_COLUMNS.map((column) => `gc_${type}${column}` as const)),
  ...VERDICT_NAMES,
  ...CONSTRAINTS.flatMap((constraint) => CONSTRAINT_COLUMNS.map((column) => `${constraint}${column}` as const)),
  ...TRANSITIONS.map(([from, to]) => `transition_${LEVELS[from]}_${LEVELS[to]}` as const),
];

/** Column name → index in a row. */
export const COL: Readonly<Record<ColumnName, number>> = Object.fromEntries(
  COLUMNS.map((name, index) => [name, index]),
) as Record<ColumnName, number>;

/** One sample: COLUMNS.length doubles. */
export type Row = Float64Array<ArrayBuffer>;

export function createRow(): Row {
  return new Float64Array(COLUMNS.length).fill(Number.NaN);
}
