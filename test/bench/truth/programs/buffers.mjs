import { grow, next, STEP_BYTES } from './grow.mjs';

const kept = [];

grow(() => {
  kept.push(Buffer.alloc(STEP_BYTES, next() % 255 || 1));
});
