// Puts more than the disk holds, then reads everything; frees the disk and puts again.
import { createRequire } from 'node:module';
import { rmSync } from 'node:fs';

const [package_, path, ballast] = process.argv.slice(2);
const { pressureCache } = createRequire(import.meta.url)(package_);
const cache = pressureCache({ name: 'full', maxEntries: 3, disk: { path, maxBytes: 100e6 } });
for (let index = 0; index < 20; index += 1) await cache.put(`key ${index}`, Buffer.alloc(200_000, index));
const wrong = [];
let found = 0;
for (let index = 0; index < 20; index += 1) {
  const value = await cache.get(`key ${index}`);
  if (value === undefined) continue;
  found += 1;
  if (value.length !== 200_000 || value.some((byte) => byte !== index)) wrong.push(index);
}
const { failures, skipped } = cache.stats().disk;
rmSync(ballast);
await cache.close();
const again = pressureCache({ name: 'full', maxEntries: 1, disk: { path, maxBytes: 100e6 } });
await again.put('after', Buffer.alloc(200_000, 1));
await again.put('other', 'evicts it');
console.log(
  JSON.stringify({
    found,
    wrong,
    failed: failures > 0,
    skipped: skipped > 0,
    after: (await again.get('after'))?.length,
  }),
);
