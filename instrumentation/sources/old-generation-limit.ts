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
  const semiSpaceMib =
    flags.maxSemiSpaceMib === undefined
      ? defaultSemiSpaceMib(nodeMajor, memoryBytes / MIB)
      : powerOfTwoFrom(flags.maxSemiSpaceMib);
  return Math.max(0, heapSizeLimitBytes - 3 * semiSpaceMib * MIB);
}

/**
 * The largest semi-space V8 takes without a flag, from the memory it was told of (ResourceConstraints::ConfigureDefaults):
 * a part of the default old generation, which is half of the memory. Up to 512 MiB, V8 before 14.2 (Node 26) takes the least.
 */
function defaultSemiSpaceMib(nodeMajor: number, memoryMib: number): number {
  const { memoryPerSemiSpace, largestMib, smallestMib, lowMemoryMib } = youngGenerationOf(nodeMajor);
  if (memoryMib <= lowMemoryMib) return smallestMib;
  return Math.min(largestMib, Math.max(smallestMib, powerOfTwoFrom(memoryMib / memoryPerSemiSpace)));
}

function youngGenerationOf(nodeMajor: number) {
  if (nodeMajor < 24) return { memoryPerSemiSpace: 256, largestMib: 16, smallestMib: 1, lowMemoryMib: 512 };
  if (nodeMajor < 26) return { memoryPerSemiSpace: 64, largestMib: 64, smallestMib: 1, lowMemoryMib: 512 };
  return { memoryPerSemiSpace: 128, largestMib: 32, smallestMib: 2, lowMemoryMib: 0 };
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
      case 'max-old-space-size-percentage':
        hasOldSpacePercentage = true;
        break;
      default:
    }
  }
  return { maxOldSpaceMib, maxSemiSpaceMib, hasOldSpacePercentage };
}

/** V8 takes 0 as "not given". */
function aboveZero(text: string | undefined): number | undefined {
  const mib = Number(text);
  return mib > 0 ? mib : undefined;
}
