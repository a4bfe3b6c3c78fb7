/** Whether V8's heap fits its container, and the flag that makes it fit. Pure. */
import {
  oldGenerationLimitBytes,
  parseHeapFlags,
  type HeapFlags,
} from '../../instrumentation/sources/old-generation-limit.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** The two parts of V8's heap at their largest, bytes. Together they are `heap_size_limit`. */
export interface HeapLimits {
  readonly oldBytes: number;
  readonly youngBytes: number;
}

export interface HeapFit extends HeapLimits {
  /** What the process has for everything: its container's limit, or the machine's memory where that is less. */
  readonly limitBytes: number;
  /** What has to be left beside the heap. */
  readonly reserveBytes: number;
  readonly fits: boolean;
  /** The largest `--max-old-space-size` that fits, MiB; undefined: the container is too small for any. */
  readonly fittingOldMib: number | undefined;
}

/** Node 24 that does nothing has 46 MB resident outside its heap's limit; the agent, thread stacks and sockets come on top. */
const SMALLEST_RESERVE_BYTES = 64 * MIB;
/**
 * Buffers, native libraries, stacks and the page cache the application works with grow with the application. A quarter
 * is the usual advice (`--max-old-space-size` at 75 % of the container) and leaves the heap as first ceiling.
 */
const RESERVE_RATIO = 0.25;
/** Below this an empty HTTP service dies of its own code and metadata. */
const SMALLEST_OLD_MIB = 16;

/** Fits when old + young + max(64 MiB, limit ÷ 4) ≤ limit. */
export function judgeHeapFit({ oldBytes, youngBytes }: HeapLimits, limitBytes: number): HeapFit {
  const reserveBytes = Math.max(SMALLEST_RESERVE_BYTES, limitBytes * RESERVE_RATIO);
  const fittingOldMib = Math.floor((limitBytes - youngBytes - reserveBytes) / MIB);
  return {
    oldBytes,
    youngBytes,
    limitBytes,
    reserveBytes,
    fits: oldBytes + youngBytes + reserveBytes <= limitBytes,
    fittingOldMib: fittingOldMib >= SMALLEST_OLD_MIB ? fittingOldMib : undefined,
  };
}

/** `--max-old-space-size=189`: what NODE_OPTIONS has to say; undefined where no heap fits. */
export function fittingNodeOptions({ fittingOldMib }: HeapFit): string | undefined {
  return fittingOldMib === undefined ? undefined : `--max-old-space-size=${fittingOldMib}`;
}

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
