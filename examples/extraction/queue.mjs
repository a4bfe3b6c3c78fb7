// Usage: node --require plimsoll/register queue.mjs [folder] [files]
// Extracts all files, up to 16 at once; under memory pressure fewer, at critical 2. With p-queue.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import PQueue from 'p-queue';
import { adaptive } from 'plimsoll';

import { createProgress, extract, makeFiles, TIMEOUT_MS } from './extract.mjs';

const [folder = join(tmpdir(), 'plimsoll-extraction'), count = '200'] = process.argv.slice(2);
const paths = makeFiles(folder, Number(count));
const progress = createProgress(paths.length);

const concurrency = adaptive('extraction', { initial: 16, min: 2 });
const queue = new PQueue({ concurrency: concurrency.value, timeout: TIMEOUT_MS });
// the queue starts the next file when one has ended, so that is when the number counts
queue.addEventListener('next', () => {
  queue.concurrency = concurrency.value;
});

await Promise.all(
  paths.map((path) =>
    queue
      .add(async ({ signal }) => {
        progress.started(queue.pending);
        return await extract(path, signal);
      })
      .then(
        ({ words }) => progress.finished(words, queue.pending),
        () => progress.finished(undefined, queue.pending),
      ),
  ),
);
concurrency.dispose();
console.log(JSON.stringify(progress.result));
