import { grow, next, STEP_BYTES } from './grow.mjs';

/** Measured: an object of this kind and its place in the list. */
const OBJECT_BYTES = 300;
const kept = [];

grow(() => {
  const batch = [];
  for (let bytes = 0; bytes < STEP_BYTES; bytes += OBJECT_BYTES) {
    batch.push({
      id: next(),
      name: `name-${next()}`,
      score: next() / 3,
      tags: [next(), next()],
      parent: { id: next() },
    });
  }
  kept.push(batch);
});
