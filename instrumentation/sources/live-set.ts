/**
 * What dies while V8 marks survives that collection: with garbage in the old generation at 20 to 100 MB/s, .03 to .08 of its
 * limit was seen (`npm run bench:calm`), whatever the limit is, since larger heaps are marked for longer.
 */
const FLOATING_GARBAGE_RATIO = 0.1;

/**
 * Told what each major collection left, answers with the live set, both in bytes: the least of the last three, since a rise may be
 * garbage until later collections confirm it; but never further below the last one than garbage can reach.
 */
export function createLiveSet(limitBytes: number): (leftBytes: number) => number {
  let previousBytes = Infinity;
  let earlierBytes = Infinity;
  return (leftBytes) => {
    const confirmedBytes = Math.min(leftBytes, previousBytes, earlierBytes);
    earlierBytes = previousBytes;
    previousBytes = leftBytes;
    return Math.max(confirmedBytes, leftBytes - FLOATING_GARBAGE_RATIO * limitBytes);
  };
}
