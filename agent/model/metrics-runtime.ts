import {
  OTHER,
  NO_LIMIT_BYTES,
  series,
  sumOf,
  valueOf,
  type ColumnPoint,
  type HistogramPoint,
  type Metric,
  type Tier,
} from './metric.ts';
import {
  GC_BUCKETS_SECONDS,
  GC_TYPES,
  HEAP_SPACES,
  type ColumnName,
  type GcType,
  type HeapSpace,
  type Row,
} from './row.ts';

/**
 * Process, host, V8 and event loop, under the names, units and instruments of the semantic conventions 1.45:
 * https://opentelemetry.io/docs/specs/semconv/system/ and …/runtime/nodejs-metrics/. None of them is stable there yet.
 */

const FAULT_TYPE = 'system.paging.fault.type';
const MEMORY_STATE = 'system.memory.state';
const PAGING_STATE = 'system.paging.state';
const SPACE = 'v8js.heap.space.name';
const LOOP_STATE = 'nodejs.eventloop.state';

/** The spaces that fill; the rest, a few MB of code and of V8's own, is told together. */
const NAMED_SPACES: readonly HeapSpace[] = ['new_space', 'old_space', 'large_object_space'];
/** The spaces whose size, rest and physical size are worth a series each: elsewhere they follow what is used. */
const DETAILED_SPACES: readonly HeapSpace[] = ['old_space'];

const otherSpaces: ColumnPoint = {
  attributes: { [SPACE]: OTHER },
  columns: HEAP_SPACES.filter((space) => !NAMED_SPACES.includes(space)).map((space): ColumnName => `${space}UsedBytes`),
  tier: 'full',
  when: () => true,
};

/** A space that this V8 lacks, or never used, has no series. */
function spacePoint(
  space: HeapSpace,
  column: 'UsedBytes' | 'SizeBytes' | 'AvailableBytes' | 'PhysicalBytes',
): ColumnPoint {
  const used = (row: Row): boolean => valueOf(row, `${space}SizeBytes`) > 0;
  return series('full', `${space}${column}`, { [SPACE]: space }, used);
}

function hostUsed(row: Row): number {
  return valueOf(row, 'hostTotalBytes') - valueOf(row, 'hostAvailableBytes');
}

const PROCESS_AND_HOST: readonly Metric[] = [
  {
    name: 'process.memory.usage',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Resident memory of the process (RSS)',
    points: [series('core', 'processRssBytes')],
  },
  {
    name: 'process.memory.virtual',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Virtual memory of the process',
    points: [series('full', 'processVirtualBytes')],
  },
  {
    name: 'process.memory.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'RSS divided by the memory of the host',
    tier: 'full',
    compute: ({ row }) => [{ attributes: {}, value: valueOf(row, 'processRssBytes') / valueOf(row, 'hostTotalBytes') }],
  },
  {
    name: 'process.paging.faults',
    kind: 'counter',
    unit: '{fault}',
    description: 'Page faults of the process that had to read from a disk',
    points: [series('full', 'processMajorFaults', { [FAULT_TYPE]: 'major' })],
  },
  {
    name: 'process.uptime',
    kind: 'gauge',
    unit: 's',
    description: 'How long the process has run',
    points: [series('full', 'processUptimeSeconds')],
  },
  {
    name: 'system.memory.usage',
    ofSurroundings: true,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory of the host; used is what is not available without swapping, so both add up to the limit',
    tier: 'full',
    compute: ({ row }) => [
      { attributes: { [MEMORY_STATE]: 'used' }, value: hostUsed(row) },
      { attributes: { [MEMORY_STATE]: 'available' }, value: valueOf(row, 'hostAvailableBytes') },
    ],
  },
  {
    name: 'system.memory.limit',
    ofSurroundings: true,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory of the host in total',
    points: [series('full', 'hostTotalBytes')],
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'system.memory.utilization',
    ofSurroundings: true,
    kind: 'gauge',
    unit: '1',
    description: 'Memory in use on the host divided by its total',
    tier: 'full',
    compute: ({ row }) => [
      { attributes: { [MEMORY_STATE]: 'used' }, value: hostUsed(row) / valueOf(row, 'hostTotalBytes') },
    ],
  },
  {
    name: 'system.paging.usage',
    ofSurroundings: true,
    kind: 'updowncounter',
    unit: 'By',
    description: 'Swap of the host in use',
    tier: 'full',
    compute: ({ row }) => [
      {
        attributes: { [PAGING_STATE]: 'used' },
        value: valueOf(row, 'hostSwapTotalBytes') - valueOf(row, 'hostSwapFreeBytes'),
      },
    ],
  },
];

/**
 * `full`: per type, with buckets for the one type whose pauses differ enough to need them. `core`: one sum over the types
 * and no bucket but +Inf, which says how much of the time goes into collecting.
 */
function gcPoints(row: Row, tier: Tier): HistogramPoint[] {
  if (tier === 'core') return [withoutBuckets(row, GC_TYPES, {})];
  return GC_TYPES.map((type) => {
    const attributes = { 'v8js.gc.type': type };
    return type === 'major' ? withBuckets(row, type, attributes) : withoutBuckets(row, [type], attributes);
  });
}

function withoutBuckets(row: Row, types: readonly GcType[], attributes: HistogramPoint['attributes']): HistogramPoint {
  const count = sumOf(
    row,
    types.map((type): ColumnName => `gc_${type}Count`),
  );
  const sum = sumOf(
    row,
    types.map((type): ColumnName => `gc_${type}Seconds`),
  );
  return { attributes, count, sum, boundaries: [], counts: [count] };
}

function withBuckets(row: Row, type: GcType, attributes: HistogramPoint['attributes']): HistogramPoint {
  const count = valueOf(row, `gc_${type}Count`);
  const upTo = [
    valueOf(row, `gc_${type}Le0`),
    valueOf(row, `gc_${type}Le1`),
    valueOf(row, `gc_${type}Le2`),
    valueOf(row, `gc_${type}Le3`),
    count,
  ];
  return {
    attributes,
    count,
    sum: valueOf(row, `gc_${type}Seconds`),
    boundaries: GC_BUCKETS_SECONDS,
    counts: upTo.map((accumulated, index) => accumulated - (upTo[index - 1] ?? 0)),
  };
}

const V8: readonly Metric[] = [
  {
    name: 'v8js.memory.heap.used',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory in use in the heap space',
    points: [...NAMED_SPACES.map((space) => spacePoint(space, 'UsedBytes')), otherSpaces],
  },
  {
    name: 'v8js.memory.heap.space.size',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory committed for the heap space',
    points: DETAILED_SPACES.map((space) => spacePoint(space, 'SizeBytes')),
  },
  {
    name: 'v8js.memory.heap.space.available_size',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Memory left in the heap space',
    points: DETAILED_SPACES.map((space) => spacePoint(space, 'AvailableBytes')),
  },
  {
    name: 'v8js.memory.heap.space.physical_size',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Physical memory of the heap space',
    points: DETAILED_SPACES.map((space) => spacePoint(space, 'PhysicalBytes')),
  },
  {
    name: 'v8js.gc.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Pauses of the garbage collector',
    computeHistogram: ({ row }, tier) => gcPoints(row, tier),
  },
];

const DELAY = 'Event loop delay since the sample before: ';

const EVENT_LOOP: readonly Metric[] = [
  {
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'Part of the time since the sample before in which the event loop was busy',
    points: [series('full', 'loopUtilizationRatio')],
  },
  {
    name: 'nodejs.eventloop.time',
    kind: 'counter',
    unit: 's',
    description: 'Time the event loop was active or idle',
    points: [
      series('full', 'loopActiveSeconds', { [LOOP_STATE]: 'active' }),
      series('full', 'loopIdleSeconds', { [LOOP_STATE]: 'idle' }),
    ],
  },
  ...(
    [
      ['max', 'largest', 'loopDelayMaxSeconds'],
      ['p99', '99th percentile', 'loopDelayP99Seconds'],
    ] as const
  ).map(([name, words, column]): Metric => ({
    name: `nodejs.eventloop.delay.${name}`,
    kind: 'gauge',
    unit: 's',
    description: DELAY + words,
    points: [series('full', column)],
  })),
];

export const RUNTIME_METRICS: readonly Metric[] = [...PROCESS_AND_HOST, ...V8, ...EVENT_LOOP];
