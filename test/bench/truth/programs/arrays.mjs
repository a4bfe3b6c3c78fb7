import { grow, next, STEP_BYTES } from './grow.mjs';

/** A double or a pointer in an array. */
const ELEMENT_BYTES = 8;
const kept = [];

grow(() => {
  kept.push(Array.from({ length: STEP_BYTES / ELEMENT_BYTES }, () => next() / 3));
});
