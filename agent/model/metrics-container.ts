import { NO_LIMIT_BYTES, series, type Metric } from './metric.ts';

/** The heap's ceiling and what the process's own cgroup says; named plimsoll.* so that cAdvisor's series are not counted twice. */

const TYPE = 'plimsoll.memory.type';
const EVENT = 'plimsoll.event';

export const CONTAINER_METRICS: readonly Metric[] = [
  {
    name: 'plimsoll.heap.live',
    kind: 'gauge',
    unit: 'By',
    description: 'Live set of the old generation by its last three major collections; absent before the first',
    points: [series('core', 'heapLiveBytes')],
  },
  {
    name: 'plimsoll.heap.limit',
    kind: 'gauge',
    unit: 'By',
    description: 'True limit of the old generation, which is less than heap_size_limit',
    points: [series('full', 'heapOldLimitBytes')],
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'plimsoll.heap.external',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory outside the heap held by JavaScript objects, array buffers included',
    points: [series('core', 'heapExternalBytes')],
  },
  {
    name: 'plimsoll.heap.array_buffers',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory of ArrayBuffer, SharedArrayBuffer and Buffer',
    points: [series('full', 'heapArrayBuffersBytes')],
  },
  {
    name: 'plimsoll.container.memory.usage',
    ofSurroundings: true,
    kind: 'gauge',
    unit: 'By',
    description: 'What the memory of the container is made of; the types are disjoint and add up to its usage',
    points: [
      series('full', 'cgroupAnonBytes', { [TYPE]: 'anon' }),
      series('full', 'cgroupShmemBytes', { [TYPE]: 'shmem' }),
      series('full', 'cgroupActiveFileBytes', { [TYPE]: 'active_file' }),
      series('full', 'cgroupInactiveFileBytes', { [TYPE]: 'inactive_file' }),
      series('full', 'cgroupSlabReclaimableBytes', { [TYPE]: 'slab_reclaimable' }),
      series('full', 'cgroupKernelBytes', { [TYPE]: 'kernel' }),
      { ...series('full', 'cgroupOtherBytes', { [TYPE]: 'other' }), columns: ['cgroupSockBytes', 'cgroupOtherBytes'] },
    ],
  },
  {
    name: 'plimsoll.container.memory.unreclaimable',
    ofSurroundings: true,
    kind: 'gauge',
    unit: 'By',
    description: 'Memory of the container that the kernel cannot take back',
    points: [series('full', 'cgroupUnreclaimableBytes')],
  },
  {
    name: 'plimsoll.container.memory.peak',
    ofSurroundings: true,
    kind: 'gauge',
    unit: 'By',
    description: 'Highest memory usage of the container so far',
    points: [series('full', 'cgroupPeakBytes')],
  },
  {
    name: 'plimsoll.container.memory.events',
    ofSurroundings: true,
    kind: 'counter',
    unit: '{event}',
    description:
      'What the kernel counted for the container: reclaim under low, throttled at high, at the limit, out of memory, kills',
    points: [
      series('full', 'cgroupEventsLow', { [EVENT]: 'low' }),
      series('full', 'cgroupEventsHigh', { [EVENT]: 'high' }),
      series('core', 'cgroupEventsMax', { [EVENT]: 'max' }),
      series('full', 'cgroupEventsOom', { [EVENT]: 'oom' }),
      series('core', 'cgroupEventsOomKill', { [EVENT]: 'oom_kill' }),
    ],
  },
  {
    name: 'plimsoll.container.pressure.waiting',
    ofSurroundings: true,
    kind: 'counter',
    unit: 's',
    description: 'Time in which some task of the container waited for memory',
    points: [series('core', 'cgroupStallSomeSeconds')],
  },
  {
    name: 'plimsoll.container.pressure.stalled',
    ofSurroundings: true,
    kind: 'counter',
    unit: 's',
    description: 'Time in which all tasks of the container waited for memory',
    points: [series('full', 'cgroupStallFullSeconds')],
  },
];
