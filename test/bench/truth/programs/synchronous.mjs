import { next } from './grow.mjs';

/** Half a second of an ordinary life, then a loop that never yields: nothing in this process can look any more. */
const kept = [];

setTimeout(() => {
  for (;;) kept.push({ id: next(), name: `name-${next()}` });
}, 500);
