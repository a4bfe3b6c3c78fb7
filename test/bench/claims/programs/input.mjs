/** Works off files of rows: each read as a whole, all at once, as it is written at first; or in chunks that become smaller under pressure. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { createTotals, parseRow } from './rows.mjs';
import { given, memory, tell } from './told.mjs';

/** @type {{ files: string[], how: 'whole' | 'fixed' | 'chunks', chunkBytes: number }} */
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
  const { adaptiveChunks, waitForHeadroom } = await import('plimsoll');
  await waitForHeadroom(chunkBytes);
  await cut(adaptiveChunks(createReadStream(file), { initial: chunkBytes, min: 256 * 1024, by: 'bytes' }));
}

const startedMs = performance.now();
if (how === 'whole') await Promise.all(files.map(whole));
else if (how === 'fixed') for (const file of files) await cut(createReadStream(file, { highWaterMark: chunkBytes }));
else for (const file of files) await inChunks(file);
tell({ ...totals, ...memory(), seconds: (performance.now() - startedMs) / 1000 });
process.exit(0);
