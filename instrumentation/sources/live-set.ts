/**
 * What dies while V8 marks survives that collection: with 100 MB/s of garbage in the old generation up to .08 of its limit
 * was seen (`npm run bench:calm`), whatever the limit is, since larger heaps are marked for longer.
 */
const FLOATING_GARBAGE_RATIO = 0.1;

/**
 * The live set by what the last two major collections left, bytes: the smaller of the two, since a rise may be garbage until the next
 * collection confirms it; but never further below the newer one than garbage can reach.
 */
export function liveSetBytes(leftBytes: number, leftBeforeBytes: number, limitBytes: number): number {
  if (Number.isNaN(leftBeforeBytes)) return leftBytes;
  return Math.min(leftBytes, Math.max(leftBeforeBytes, leftBytes - FLOATING_GARBAGE_RATIO * limitBytes));
}
