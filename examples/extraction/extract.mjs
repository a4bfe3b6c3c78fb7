/** What both programs do with one file: the words in it. And the files they do it with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An extraction that takes longer is given up. */
export const TIMEOUT_MS = 1000;

/** The last one never ends, as a damaged input may do. */
export const STUCK = 'stuck.txt';

/** `count` files; file number n has n + 1 lines of ten words. */
export function makeFiles(folder, count) {
  mkdirSync(folder, { recursive: true });
  const names = Array.from({ length: count }, (_, n) => {
    const name = `${n}.txt`;
    writeFileSync(join(folder, name), `${'word '.repeat(10)}\n`.repeat(n + 1));
    return name;
  });
  writeFileSync(join(folder, STUCK), '');
  return [...names, STUCK].map((name) => join(folder, name));
}

/** Stands for a parser of PDF, DOCX or FITS: what is inside of a format is not what this example is about. */
export async function extract(path, signal) {
  if (path.endsWith(STUCK)) await new Promise(() => {});
  const text = await readFile(path, { encoding: 'utf8', signal });
  return { path, words: text.split(/\s+/).filter(Boolean).length };
}

/** Says how far it is, and in the end what came out. */
export function createProgress(total) {
  const result = { files: 0, words: 0, timedOut: 0, most: 0 };
  return {
    started(atOnce) {
      result.most = Math.max(result.most, atOnce);
    },
    finished(words, atOnce) {
      if (words === undefined) result.timedOut += 1;
      else {
        result.files += 1;
        result.words += words;
      }
      const done = result.files + result.timedOut;
      if (done % 50 === 0 || done === total) console.error(`${done} of ${total} files, ${atOnce} at once`);
    },
    result,
  };
}
