// Usage: node --require plimsoll/register limit.mjs [folder] [files]
// The same as queue.mjs with p-limit, whose tasks bring their own time-out.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pLimit from 'p-limit';
import { adaptive } from 'plimsoll';

import { createProgress, extract, makeFiles, TIMEOUT_MS } from './extract.mjs';

const [folder = join(tmpdir(), 'plimsoll-extraction'), count = '200'] = process.argv.slice(2);
const paths = makeFiles(folder, Number(count));
const progress = createProgress(paths.length);

const concurrency = adaptive('extraction', { initial: 16, min: 2 });
const limit = pLimit(concurrency.value);

await limit.map(paths, async (path) => {
  progress.started(limit.activeCount);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const gaveUp = new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const alive = setTimeout(() => {}, TIMEOUT_MS); // the signal's own timer would let the process end before
  try {
    const { words } = await Promise.race([extract(path, signal), gaveUp]);
    progress.finished(words, limit.activeCount);
  } catch {
    progress.finished(undefined, limit.activeCount);
  }
  clearTimeout(alive);
  limit.concurrency = concurrency.value;
});
concurrency.dispose();
console.log(JSON.stringify(progress.result));
