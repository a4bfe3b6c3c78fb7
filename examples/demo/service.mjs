/**
 * A small real service: GET /metadata?file=… answers a file's title, lines, words and hash, and keeps what it
 * extracted in an lru-cache that is allowed far too many entries, as caches are. Without Plimsoll preloaded `registerCache` does nothing.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename } from 'node:path';

import { LRUCache } from 'lru-cache';
import { registerCache } from 'plimsoll';

/** @typedef {{ title: string, bytes: number, lines: number, words: number, sha256: string, text: Buffer }} Metadata */

/** @type {LRUCache<string, Metadata>} */
const cache = new LRUCache({ max: 100_000 });
registerCache(cache, { name: 'metadata' });

/** @param {string} file @returns {Promise<Metadata>} */
async function extract(file) {
  const text = await readFile(file);
  const counted = countText(text);
  return {
    title: /^#?\s*(.+)$/m.exec(text.toString('utf8', 0, 512))?.[1]?.slice(0, 80) ?? basename(file),
    bytes: text.length,
    ...counted,
    sha256: createHash('sha256').update(text).digest('hex'),
    text,
  };
}

/** @param {Buffer} text */
function countText(text) {
  let lines = 1;
  let words = 0;
  let inWord = false;
  for (const byte of text) {
    if (byte === 0x0a) lines += 1;
    const space = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
    if (!space && !inWord) words += 1;
    inWord = !space;
  }
  return { lines, words };
}

/** @param {string} key */
async function lookUp(key) {
  const known = cache.get(key);
  if (known !== undefined) return { ...known, isHit: true };
  const found = await extract(key.replace(/\?.*$/, ''));
  cache.set(key, found);
  return { ...found, isHit: false };
}

/** @param {string} key @param {import('node:http').ServerResponse} response */
async function answer(key, response) {
  const { text: _text, isHit, ...metadata } = await lookUp(key);
  response.setHeader('x-cache', isHit ? 'hit' : 'miss').end(JSON.stringify(metadata));
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://service');
  if (url.pathname !== '/metadata') {
    response.writeHead(404).end();
    return;
  }
  answer(url.searchParams.get('file') ?? '', response).catch((error) => response.writeHead(500).end(String(error)));
});

server.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
