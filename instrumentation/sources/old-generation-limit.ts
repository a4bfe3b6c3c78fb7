/**
 * The true limit of V8's old generation. `heap_size_limit` is not it: that is the old generation plus the largest young
 * generation, and a process dies when the old one is full (nodejs/node#57029). At `--max-old-space-size=64` Node 24
 * dies at a quarter of its `heap_size_limit`.
 *
 * V8: heap_size_limit = old + 3 × largest semi-space (two semi-spaces and the young large objects), the semi-space
 * rounded up to a power of two (Heap::ConfigureHeap, Heap::YoungGenerationSizeFromSemiSpaceSize).
 */

const MIB = 2 ** 20;

/** The heap flags of a command line that decide the limit, MiB; undefined where the flag is absent or 0. */
export interface HeapFlags {
  readonly maxOldSpaceMib: number | undefined;
  readonly maxSemiSpaceMib: number | undefined;
  readonly maxHeapMib: number | undefined;
  /** `--max-old-space-size-percentage`: it wins over `--max-old-space-size`, wherever the two stand. */
  readonly hasOldSpacePercentage: boolean;
}

export interface HeapLimitInput {
  /** `v8.getHeapStatistics().heap_size_limit`. */
  readonly heapSizeLimitBytes: number;
  readonly flags: HeapFlags;
  readonly nodeMajor: number;
  /** What Node tells V8 at start: the smaller of the cgroup's limit and the machine's memory. */
  readonly memoryBytes: number;
}

/** Bytes. Verified on Node 22, 23, 24, 25 and 26; a later one that changes its default young generation shifts it by that. */
export function oldGenerationLimitBytes({ heapSizeLimitBytes, flags, nodeMajor, memoryBytes }: HeapLimitInput): number {
  if (flags.maxOldSpaceMib !== undefined && !flags.hasOldSpacePercentage) {
    return Math.min(flags.maxOldSpaceMib * MIB, heapSizeLimitBytes);
  }
  const semiSpaceMib = largestSemiSpaceMib(flags, youngGenerationOf(nodeMajor), memoryBytes / MIB);
  return Math.max(0, heapSizeLimitBytes - 3 * semiSpaceMib * MIB);
}

/** How a V8 sizes its young generation when no flag does. */
interface YoungGeneration {
  readonly largestMib: number;
  readonly smallestMib: number;
  /** One MiB of semi-space for so much memory: for so much old generation, times two (ResourceConstraints::ConfigureDefaults). */
  readonly memoryPerSemiSpace: number;
  /** The same under `--max-heap-size`, which is divided into old generation and three semi-spaces (Heap::GenerationSizesFromHeapSize). */
  readonly heapPerSemiSpace: number;
  /** Up to so much old generation, the smallest. */
  readonly lowMemoryMib: number;
}

function youngGenerationOf(nodeMajor: number): YoungGeneration {
  if (nodeMajor < 24) {
    return { largestMib: 16, smallestMib: 1, memoryPerSemiSpace: 256, heapPerSemiSpace: 128 + 3, lowMemoryMib: 256 };
  }
  if (nodeMajor < 26) {
    return { largestMib: 64, smallestMib: 1, memoryPerSemiSpace: 64, heapPerSemiSpace: 32 + 3, lowMemoryMib: 256 };
  }
  return { largestMib: 32, smallestMib: 2, memoryPerSemiSpace: 128, heapPerSemiSpace: 32 + 3, lowMemoryMib: 0 };
}

function largestSemiSpaceMib(flags: HeapFlags, young: YoungGeneration, memoryMib: number): number {
  if (flags.maxSemiSpaceMib !== undefined) return powerOfTwoFrom(flags.maxSemiSpaceMib);
  const { largestMib, smallestMib, lowMemoryMib } = young;
  const [oldMib, semiSpaceMib] =
    flags.maxHeapMib === undefined
      ? [memoryMib / 2, memoryMib / young.memoryPerSemiSpace]
      : [flags.maxHeapMib - 3 * smallestMib, flags.maxHeapMib / young.heapPerSemiSpace];
  if (oldMib <= lowMemoryMib) return smallestMib;
  return Math.min(largestMib, Math.max(smallestMib, powerOfTwoFrom(semiSpaceMib)));
}

function powerOfTwoFrom(mib: number): number {
  return 2 ** Math.ceil(Math.log2(mib));
}

/**
 * Reads the flags as Node does: NODE_OPTIONS first, the command line after it, the last one of a kind wins, `_` is `-`.
 * V8's own flags take their value only after `=` (Node ends at start otherwise); the percentage is Node's and takes both.
 */
export function parseHeapFlags(execArgv: readonly string[], nodeOptions: string): HeapFlags {
  const words = [...nodeOptions.replaceAll('"', '').split(/\s+/), ...execArgv];
  let maxOldSpaceMib: number | undefined;
  let maxSemiSpaceMib: number | undefined;
  let maxHeapMib: number | undefined;
  let hasOldSpacePercentage = false;
  for (const word of words) {
    const [, name = '', value] = /^--?([\w-]+)(?:=(\d+(?:\.\d+)?))?$/.exec(word) ?? [];
    switch (name.replaceAll('_', '-')) {
      case 'max-old-space-size':
        maxOldSpaceMib = aboveZero(value);
        break;
      case 'max-semi-space-size':
        maxSemiSpaceMib = aboveZero(value);
        break;
      case 'max-heap-size':
        maxHeapMib = aboveZero(value);
        break;
      case 'max-old-space-size-percentage':
        hasOldSpacePercentage = true;
        break;
      default:
    }
  }
  return { maxOldSpaceMib, maxSemiSpaceMib, maxHeapMib, hasOldSpacePercentage };
}

/** V8 takes 0 as "not given". */
function aboveZero(text: string | undefined): number | undefined {
  const mib = Number(text);
  return mib > 0 ? mib : undefined;
}
