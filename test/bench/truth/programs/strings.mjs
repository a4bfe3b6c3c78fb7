import { grow, next, STEP_BYTES } from './grow.mjs';

/** From a label to a small document; flat one-byte strings inside the heap. */
const SIZES = [64, 256, 1_024, 4_096, 16_384, 65_536];
const kept = [];

grow(() => {
  for (let bytes = 0; bytes < STEP_BYTES;) {
    const size = SIZES[next() % SIZES.length];
    kept.push(Buffer.alloc(size, String(next())).toString('latin1'));
    bytes += size;
  }
});
