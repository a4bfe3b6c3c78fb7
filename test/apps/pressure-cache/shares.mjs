// Writes and reads entries of a folder that other processes write and read too; says what it found that nobody wrote.
import { createRequire } from 'node:module';

const [package_, path, seedText] = process.argv.slice(2);
const { pressureCache } = createRequire(import.meta.url)(package_);
const cache = pressureCache({ name: 'shared', maxEntries: 2, disk: { path, maxBytes: 40_000 } });
let seed = Number(seedText);
const random = (below) => {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
};
const text = (key, version) => `${key}:${version}:`.padEnd(1000, 'x');
const wrong = [];
let hits = 0;
for (let step = 0; step < 200; step += 1) {
  const key = `key ${random(30)}`;
  if (step % 40 === 39) await cache.clear();
  else if (step % 3 === 0) await cache.put(key, text(key, step));
  else {
    const found = await cache.get(key);
    if (found === undefined) continue;
    hits += 1;
    if (!found.startsWith(`${key}:`) || found.length !== 1000) wrong.push(found.slice(0, 50));
  }
}
await cache.close();
console.log(JSON.stringify({ hits, wrong, failures: cache.stats().disk.failures }));
