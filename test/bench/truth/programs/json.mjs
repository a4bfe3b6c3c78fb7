import { next } from './grow.mjs';

/** Parses a text that is a quarter longer each time and keeps nothing: one synchronous call dies of it. */
let text = JSON.stringify(
  Array.from({ length: 10_000 }, () => ({ id: next(), name: `name-${next()}`, tags: [next()] })),
);

setInterval(() => {
  const items = JSON.parse(text);
  text = JSON.stringify([...items, ...items.slice(0, items.length / 4)]);
}, 10);
