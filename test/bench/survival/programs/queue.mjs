/**
 * A service with a queue: POST /jobs takes a job's data in and answers; one consumer works it off, slower than the jobs come.
 */
import { createServer } from 'node:http';

import { underPressure } from './guard.mjs';
import { paced } from './pace.mjs';
import { finish, tell, tellProgress } from './told.mjs';
import { makeValue } from './values.mjs';

/** @type {{ shape: 'buffers' | 'objects' | 'mixed', jobs: number, valueBytes: number, consumedMegabytesPerSecond: number, guard: string, limitBytes: number, guardFolder: string }} */
const given = JSON.parse(process.argv[2] ?? '{}');
const { shape, jobs, valueBytes, consumedMegabytesPerSecond } = given;

/** @type {unknown[]} */
const queue = [];
const counts = { operations: 0, refused: 0, longestQueue: 0 };
const plimsoll = given.guard === 'headroom' ? await import('plimsoll') : undefined;
const entrance = given.guard === 'under-pressure' ? await underPressure(given) : { isClosed: () => false };

const server = createServer((request, response) => {
  if (entrance.isClosed()) {
    counts.refused += 1;
    response.writeHead(503, { 'retry-after': '1' }).end();
    return;
  }
  void accept().then(() => response.writeHead(202).end());
});

async function accept() {
  await plimsoll?.waitForHeadroom(valueBytes);
  queue.push(makeValue(shape, valueBytes));
  counts.longestQueue = Math.max(counts.longestQueue, queue.length);
}

async function consume() {
  tell({ ...counts, port: server.address().port });
  tellProgress(() => counts);
  const longestGapMs = await paced((consumedMegabytesPerSecond * 1e6) / valueBytes, () => {
    if (queue.shift() !== undefined) counts.operations += 1;
    return counts.operations === jobs;
  });
  await finish({ ...counts, longestGapMs, entries: queue.length, rssBytes: process.memoryUsage.rss() });
}

server.listen(0, '127.0.0.1', () => void consume());
