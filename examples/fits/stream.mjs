// Usage: node --require plimsoll/register stream.mjs <file> [rows]
// Statistics of all pixels of a FITS image, read in chunks of 10 MB, under memory pressure of 1 MB. Makes the file when `rows` is given.
import { createReadStream } from 'node:fs';

import { adaptiveChunks, waitForHeadroom } from 'plimsoll';

import { makeSparseImage, NO_PIXELS, readHeader, statisticsOf, together } from './fits.mjs';

const MiB = 2 ** 20;
const [path, rows] = process.argv.slice(2);
if (rows !== undefined) await makeSparseImage(path, Number(rows));

const { offset, bytes } = await readHeader(path);
const file = createReadStream(path, { start: offset, end: offset + bytes - 1, highWaterMark: MiB });
let all = NO_PIXELS;
let chunks = 0;
// every size that these become is even: no pixel is cut
for await (const chunk of adaptiveChunks(file, { initial: 10 * MiB, min: MiB, by: 'bytes', name: 'fits-chunk' })) {
  await waitForHeadroom(chunk.length);
  all = together(all, statisticsOf(chunk));
  chunks += 1;
}
console.log(JSON.stringify({ ...all, chunks, maxRssMebibytes: process.resourceUsage().maxRSS / 1024 }));
