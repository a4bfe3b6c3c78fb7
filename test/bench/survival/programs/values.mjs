/** Values of a wanted size: what caches and queues hold. */

/** An object of RECORD_BYTES: four fields, a number that is none of V8's small ones, a string of its own. */
const RECORD_BYTES = 140;

let made = 0;

/** @param {'buffers' | 'objects' | 'mixed'} shape @param {number} bytes */
export function makeValue(shape, bytes) {
  made += 1;
  if (shape === 'buffers') return Buffer.alloc(bytes, made % 255 || 1);
  if (shape === 'objects') return records(bytes);
  return { image: Buffer.alloc(bytes / 2, made % 255 || 1), rows: records(bytes / 2) };
}

/** @param {number} bytes */
function records(bytes) {
  return Array.from({ length: Math.round(bytes / RECORD_BYTES) }, (_, index) => ({
    id: index,
    at: made + index / 7,
    name: `row ${made} of ${index}`,
    left: null,
  }));
}

/** The same values in each run. @param {number} seed */
export function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
