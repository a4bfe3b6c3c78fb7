/** Whether V8's heap fits its container, and the flag that makes it fit. Pure. */
import type { Row } from '../model/row.ts';
import { valueOf } from './course.ts';

const MIB = 2 ** 20;

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

/** Of the process that wrote the row, against its container or its machine, whichever has less. undefined: not known. */
export function heapFitOf(row: Row): HeapFit | undefined {
  const oldBytes = valueOf(row, 'heapOldLimitBytes');
  const sizeLimitBytes = valueOf(row, 'heapSizeLimitBytes');
  const limitBytes = Math.min(valueOf(row, 'cgroupLimitBytes') ?? Infinity, valueOf(row, 'hostTotalBytes') ?? Infinity);
  if (oldBytes === undefined || sizeLimitBytes === undefined || limitBytes === Infinity) return undefined;
  return judgeHeapFit({ oldBytes, youngBytes: Math.max(0, sizeLimitBytes - oldBytes) }, limitBytes);
}
