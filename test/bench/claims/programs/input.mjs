/**
 * Works off files of rows: each read as a whole, all at once, as it is written at first; in chunks that become smaller under pressure; or
 * streamed, with so many chunks on their way as a person thought good, or as many as there is room for.
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { createTotals, parseRow } from './rows.mjs';
import { given, memory, tell } from './told.mjs';

/** @type {{ files: string[], how: 'whole' | 'chunks' | 'streamed' | 'streamed-by-room', chunkBytes: number }} */
const { files, how, chunkBytes } = given;
const { totals, add } = createTotals();

/** @param {string} file */
async function whole(file) {
  const text = await readFile(file, 'utf8');
  const rows = text.trimEnd().split('\n').map(parseRow);
  for (const row of rows) add(row);
}

/** Each chunk is held with what was made of it, as the whole is above. @param {AsyncIterable<Buffer>} chunks */
async function cut(chunks) {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    const rows = lines.map(parseRow);
    for (const row of rows) add(row);
  }
}

/** @param {string} file */
async function inChunks(file) {
  await plimsoll?.waitForHeadroom(chunkBytes);
  await cut(plimsoll?.adaptiveChunks(createReadStream(file), { initial: chunkBytes, min: 256 * 1024, by: 'bytes' }));
}

/** Chunks on their way: to a database, a bucket. */
const ON_THEIR_WAY = 96;
const WAY_MS = 100;

/** A chunk is a whole number of rows. @param {Buffer} chunk */
async function handOn(chunk) {
  await delay(WAY_MS);
  for (const row of chunk.toString('latin1').trimEnd().split('\n')) add(parseRow(row));
}

/** @param {string} file @param {(bytes: number) => Promise<unknown>} haveRoom */
async function streamed(file, haveRoom) {
  const pending = new Set();
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
    await haveRoom(chunk.length);
    const job = handOn(chunk).finally(() => pending.delete(job));
    pending.add(job);
    if (pending.size >= ON_THEIR_WAY) await Promise.race(pending);
  }
  await Promise.all(pending);
}

async function work() {
  if (how === 'whole') await Promise.all(files.map(whole));
  else if (how === 'chunks') for (const file of files) await inChunks(file);
  else for (const file of files) await streamed(file, async (bytes) => await plimsoll?.waitForHeadroom(2 * bytes));
}

/** A service is up for a while when its first input comes. */
const plimsoll = given.isGuarded ? await import('plimsoll') : undefined;
while (plimsoll?.monitor.status().available === false) await delay(20);

const startedMs = performance.now();
await work();
tell({ ...totals, ...memory(), seconds: (performance.now() - startedMs) / 1000 });
process.exit(0);
