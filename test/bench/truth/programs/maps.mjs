import { grow, next, STEP_BYTES } from './grow.mjs';

/** One Map that doubles its table when it is full: one step then asks for far more than 1 MB. */
const ENTRY_BYTES = 50;
const kept = new Map();

grow(() => {
  for (let bytes = 0; bytes < STEP_BYTES; bytes += ENTRY_BYTES) kept.set(kept.size, next());
});
