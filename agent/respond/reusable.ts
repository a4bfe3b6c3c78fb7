/**
 * Memory that the process gave up and the kernel has not back: the C library keeps it, in pieces of up to 32 MB for Buffers, and gives it
 * out again. New memory is taken from there first, so that it is room, however full the process looks from outside.
 */
import { COL, type Row } from '../model/row.ts';

export interface Reusable {
  /** One step of the flow. */
  observe(row: Row, atMs: number): void;
  bytes(): number;
}

/** What was held longer ago than `rememberedMs` says nothing: libraries in native code may have taken what was left. */
export function createReusable(rememberedMs: number): Reusable {
  let mostHeldBytes = 0;
  let mostHeldAtMs = -Infinity;
  /** Least that the process took beside what JavaScript held: its code, stacks, native libraries. */
  let leastOtherBytes = Infinity;
  let bytes = 0;
  return {
    observe(row, atMs) {
      const heldBytes = (row[COL.heapTotalBytes] ?? 0) + (row[COL.heapExternalBytes] ?? 0);
      const otherBytes = (row[COL.processRssBytes] ?? 0) - heldBytes;
      if (!Number.isFinite(otherBytes)) return;
      if (heldBytes >= mostHeldBytes || atMs - mostHeldAtMs > rememberedMs) {
        mostHeldBytes = heldBytes;
        mostHeldAtMs = atMs;
      }
      leastOtherBytes = Math.min(leastOtherBytes, otherBytes);
      bytes = Math.max(0, Math.min(mostHeldBytes - heldBytes, otherBytes - leastOtherBytes));
    },
    bytes: () => bytes,
  };
}
