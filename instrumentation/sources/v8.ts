/** V8's heap: its spaces, the old generation against its true limit, and the live set by its last major collections. */
import { COL, HEAP_SPACES, type ReadingName, type Row } from '../../agent/model/row.ts';
import type { Runtime, Source, Unavailable, World } from '../../agent/model/source.ts';
import { createLiveSet } from './live-set.ts';
import { oldGenerationLimitBytes, parseHeapFlags } from './old-generation-limit.ts';

export interface V8Source extends Source {
  /** To be called as soon as a major collection is known of: what is used right after it is what it left. */
  noteMajorCollection(): void;
  readonly oldLimitBytes: number;
}

const SPACE_READINGS = HEAP_SPACES.flatMap(
  (space) => [`${space}UsedBytes`, `${space}SizeBytes`, `${space}AvailableBytes`, `${space}PhysicalBytes`] as const,
);

const READINGS = [
  'heapOldUsedBytes',
  'heapNewLargeUsedBytes',
  'heapOldPagesBytes',
  'heapOldLimitBytes',
  'heapLiveBytes',
  'heapUsedBytes',
  'heapTotalBytes',
  'heapSizeLimitBytes',
  'heapExternalBytes',
  'heapArrayBuffersBytes',
  'heapMallocedBytes',
  ...SPACE_READINGS,
] as const satisfies readonly ReadingName[];

const PROBED = ['heapUsedBytes', 'heapExternalBytes'] as const satisfies readonly ReadingName[];

/** Everything that is not young and not read-only counts against the old generation's limit, a future space too. */
const NOT_OLD = new Set(['new_space', 'new_large_object_space', 'read_only_space']);

export function createV8Source(world: World): V8Source {
  const { runtime } = world;
  const { heapStatistics, heapSpaceStatistics } = runtime;
  const spaces = spaceLayout(runtime);
  const { heap_size_limit: heapSizeLimitBytes } = heapStatistics();
  const oldLimitBytes = oldGenerationLimitBytes({
    heapSizeLimitBytes,
    flags: parseHeapFlags(world.execArgv, world.nodeOptions),
    nodeMajor: Number.parseInt(runtime.versions.node, 10),
    memoryBytes: memoryV8WasToldOf(runtime),
  });
  const liveSet = createLiveSet(oldLimitBytes);
  let liveBytes = Number.NaN;

  function readSpaces(row: Row): void {
    const statistics = heapSpaceStatistics();
    let oldUsedBytes = 0;
    let oldPagesBytes = 0;
    for (let i = 0; i < statistics.length; i += 1) {
      const space = statistics[i];
      if (space === undefined) continue;
      if (spaces.isOld[i] === true) {
        oldUsedBytes += space.space_used_size;
        oldPagesBytes += space.space_size;
      }
      const column = spaces.columns[i] ?? -1;
      if (column < 0) continue;
      row[column] = space.space_used_size;
      row[column + 1] = space.space_size;
      row[column + 2] = space.space_available_size;
      row[column + 3] = space.physical_space_size;
    }
    for (const column of spaces.absent) row[column] = Number.NaN;
    row[COL.heapOldUsedBytes] = oldUsedBytes;
    row[COL.heapOldPagesBytes] = oldPagesBytes;
    row[COL.heapNewLargeUsedBytes] = row[COL.new_large_object_spaceUsedBytes] ?? Number.NaN;
  }

  return {
    name: 'v8',
    oldLimitBytes,
    readings: READINGS,
    probed: PROBED,
    read(row) {
      const heap = heapStatistics();
      row[COL.heapUsedBytes] = heap.used_heap_size;
      row[COL.heapTotalBytes] = heap.total_heap_size;
      row[COL.heapSizeLimitBytes] = heap.heap_size_limit;
      row[COL.heapExternalBytes] = heap.external_memory;
      row[COL.heapMallocedBytes] = heap.malloced_memory;
      row[COL.heapArrayBuffersBytes] = arrayBuffersBytes(runtime);
      row[COL.heapOldLimitBytes] = oldLimitBytes;
      row[COL.heapLiveBytes] = liveBytes;
      readSpaces(row);
    },
    probe(row) {
      const heap = heapStatistics();
      row[COL.heapUsedBytes] = heap.used_heap_size;
      row[COL.heapExternalBytes] = heap.external_memory;
    },
    noteMajorCollection() {
      let usedBytes = 0;
      const statistics = heapSpaceStatistics();
      for (let i = 0; i < statistics.length; i += 1) {
        if (spaces.isOld[i] === true) usedBytes += statistics[i]?.space_used_size ?? 0;
      }
      liveBytes = liveSet(usedBytes);
    },
    unavailable() {
      return Number.isNaN(arrayBuffersBytes(runtime)) ? [NO_ARRAY_BUFFERS] : [];
    },
    facts: () => ({ v8Version: runtime.versions.v8, heapSizeLimitBytes, oldGenerationLimitBytes: oldLimitBytes }),
    close() {},
  };
}

const NO_ARRAY_BUFFERS: Unavailable = {
  source: 'v8',
  reading: 'heapArrayBuffersBytes',
  code: 'missing',
  detail: 'process.memoryUsage() fails',
  repair: 'mount /proc',
};

/** NaN where Node cannot read the RSS that comes with it (no /proc) and throws. */
function arrayBuffersBytes(runtime: Runtime): number {
  try {
    return runtime.memoryUsage().arrayBuffers;
  } catch {
    return Number.NaN;
  }
}

/** V8 lists its spaces in one fixed order: which place is which column is found once, not by name at each read. */
function spaceLayout({ heapSpaceStatistics }: Runtime) {
  const names = heapSpaceStatistics().map((space) => space.space_name);
  const known = new Map(HEAP_SPACES.map((name) => [name as string, COL[`${name}UsedBytes`]]));
  return {
    columns: names.map((name) => known.get(name) ?? -1),
    isOld: names.map((name) => !NOT_OLD.has(name)),
    absent: HEAP_SPACES.filter((name) => !names.includes(name)).flatMap((name) => {
      const first = COL[`${name}UsedBytes`];
      return [first, first + 1, first + 2, first + 3];
    }),
  };
}

/** The same two libuv calls Node makes before it creates the isolate; 0 and 1.8e19 mean no limit. */
function memoryV8WasToldOf(runtime: Runtime): number {
  const totalBytes = runtime.totalMemoryBytes();
  const constrainedBytes = runtime.constrainedMemoryBytes();
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalBytes) : totalBytes;
}
