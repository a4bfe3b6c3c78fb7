// Usage: node --require plimsoll/register pool.mjs <file> [rows]
// As stream.mjs, by a pool of piscina workers. How many work at once is an adaptive value; whoever is idle is ended by the pool, so that
// it shrinks with it: a thread of Node.js holds 10 MB and more.
import { availableParallelism } from 'node:os';

import { Piscina } from 'piscina';
import { adaptive } from 'plimsoll';

import { makeSparseImage, NO_PIXELS, readHeader, together } from './fits.mjs';

const MiB = 2 ** 20;
const [path, rows] = process.argv.slice(2);
if (rows !== undefined) await makeSparseImage(path, Number(rows));

const { offset, bytes } = await readHeader(path);
const most = Math.max(2, Math.min(4, availableParallelism()));
const workers = adaptive('fits-workers', { initial: most, min: 1 });
const chunkBytes = adaptive('fits-chunk', { initial: 10 * MiB, min: MiB });
const pool = new Piscina({
  filename: new URL('worker.mjs', import.meta.url).href,
  minThreads: 1,
  maxThreads: most,
  idleTimeout: 100,
});

let all = NO_PIXELS;
let chunks = 0;
let mostThreads = 0;
const running = new Set();
async function add(at, length) {
  const statistics = await pool.run({ path, position: offset + at, length });
  all = together(all, statistics);
  chunks += 1;
  mostThreads = Math.max(mostThreads, pool.threads.length);
}

for (let at = 0; at < bytes;) {
  while (running.size >= workers.value) await Promise.race(running);
  const length = Math.min(chunkBytes.value, bytes - at);
  const task = add(at, length);
  running.add(task);
  const free = () => running.delete(task);
  task.then(free, free);
  at += length;
}
await Promise.all(running);
const result = { ...all, chunks, mostThreads, maxRssMebibytes: process.resourceUsage().maxRSS / 1024 };
await pool.destroy();
console.log(JSON.stringify(result));
