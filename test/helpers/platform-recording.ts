/** A recording of test/fixtures/platforms as the runtime of a source's world. What it does not have is NaN. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeapInfo, HeapSpaceInfo } from 'node:v8';

import type { Runtime } from '../../agent/model/source.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/platforms');

/** One look at the process and its machine; each field is what the call of its name answered. */
export interface Moment {
  readonly heapStatistics?: Partial<HeapInfo>;
  readonly heapSpaceStatistics?: readonly HeapSpaceInfo[];
  readonly memoryUsage?: NodeJS.MemoryUsage;
  readonly residentBytes?: number;
  readonly pageFaults?: ReturnType<Runtime['pageFaults']>;
  readonly uptimeSeconds?: number;
  readonly totalMemoryBytes?: number;
  readonly freeMemoryBytes?: number;
  readonly availableMemoryBytes?: number;
  readonly constrainedMemoryBytes?: number;
}

export interface PlatformRecording {
  readonly name: string;
  readonly platform: NodeJS.Platform;
  readonly versions: Partial<Runtime['versions']>;
  readonly execArgv: readonly string[];
  readonly moments: readonly Moment[];
}

export function platformRecordings(): readonly PlatformRecording[] {
  const files = globSync('*.json', { cwd: FOLDER }).toSorted();
  return files.map((file) => {
    const recorded = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Omit<PlatformRecording, 'name'>;
    return { ...recorded, name: file.replace('.json', '') };
  });
}

export function runtimeOf({ versions }: PlatformRecording, moment: Moment): Runtime {
  const unknown = Number.NaN;
  return {
    versions: { node: '0', v8: '0', uv: '0', ...versions },
    heapStatistics: () => ({ ...NO_HEAP, ...moment.heapStatistics }),
    heapSpaceStatistics: () => [...(moment.heapSpaceStatistics ?? [])],
    memoryUsage: () => moment.memoryUsage ?? NO_MEMORY_USAGE,
    residentBytes: () => moment.residentBytes ?? moment.memoryUsage?.rss ?? unknown,
    pageFaults: () => moment.pageFaults ?? { minorPageFault: unknown, majorPageFault: unknown },
    uptimeSeconds: () => moment.uptimeSeconds ?? unknown,
    totalMemoryBytes: () => moment.totalMemoryBytes ?? unknown,
    availableMemoryBytes: () => moment.availableMemoryBytes ?? unknown,
    constrainedMemoryBytes: () => moment.constrainedMemoryBytes ?? 0,
  };
}

const NO_MEMORY_USAGE: NodeJS.MemoryUsage = {
  rss: Number.NaN,
  heapTotal: Number.NaN,
  heapUsed: Number.NaN,
  external: Number.NaN,
  arrayBuffers: Number.NaN,
};

const NO_HEAP: HeapInfo = {
  total_heap_size: Number.NaN,
  total_heap_size_executable: Number.NaN,
  total_physical_size: Number.NaN,
  total_available_size: Number.NaN,
  used_heap_size: Number.NaN,
  heap_size_limit: Number.NaN,
  malloced_memory: Number.NaN,
  peak_malloced_memory: Number.NaN,
  does_zap_garbage: 0,
  number_of_native_contexts: Number.NaN,
  number_of_detached_contexts: Number.NaN,
  total_global_handles_size: Number.NaN,
  used_global_handles_size: Number.NaN,
  external_memory: Number.NaN,
};
