/** The heap that V8 takes in a container of some size. Pure. */
import {
  oldGenerationLimitBytes,
  parseHeapFlags,
  type HeapFlags,
} from '../../instrumentation/sources/old-generation-limit.ts';
import type { HeapLimits } from '../postmortem/heap-fit.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * The heap a Node.js of this major takes in a container of this size.
 *
 * Old generation: the flag; else half of the memory, at least 256 MiB, at most 2 GiB, or 4 GiB from 15 GiB of memory on
 * (V8's Heap::HeapSizeFromPhysicalMemory and MaxOldGenerationSizeFromPhysicalMemory; measured in cgroups of 128 MiB to
 * 20 GiB on Node 22, 24 and 26). Young generation: as V8 chooses it for that memory.
 */
export function heapInContainer(memoryBytes: number, nodeOptions: string, nodeMajor: number): HeapLimits {
  const flags = parseHeapFlags([], nodeOptions);
  const youngBytes = youngBytesIn(memoryBytes, flags, nodeMajor);
  const percentage = oldSpacePercentage(nodeOptions);
  if (percentage !== undefined) return { oldBytes: (memoryBytes * percentage) / 100, youngBytes };
  if (flags.maxOldSpaceMib !== undefined) return { oldBytes: flags.maxOldSpaceMib * MIB, youngBytes };
  if (flags.maxHeapMib !== undefined) return { oldBytes: Math.max(0, flags.maxHeapMib * MIB - youngBytes), youngBytes };
  return { oldBytes: defaultOldBytes(memoryBytes), youngBytes };
}

function defaultOldBytes(memoryBytes: number): number {
  const largestBytes = memoryBytes >= 15 * GIB ? 4 * GIB : 2 * GIB;
  return Math.min(largestBytes, Math.max(256 * MIB, memoryBytes / 2));
}

function oldSpacePercentage(nodeOptions: string): number | undefined {
  const last = [...nodeOptions.matchAll(/--max[-_]old[-_]space[-_]size[-_]percentage[= ](\d+(?:\.\d+)?)/g)].at(-1);
  return last === undefined ? undefined : Number(last[1]);
}

/** What a `heap_size_limit` has beside the old generation. */
function youngBytesIn(memoryBytes: number, flags: HeapFlags, nodeMajor: number): number {
  const heapSizeLimitBytes = 1024 * GIB;
  const withoutOld = { ...flags, maxOldSpaceMib: undefined };
  return (
    heapSizeLimitBytes - oldGenerationLimitBytes({ heapSizeLimitBytes, flags: withoutOld, nodeMajor, memoryBytes })
  );
}
