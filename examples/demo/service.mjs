/**
 * A small real service: GET /metadata?file=… answers a file's title, lines, words and hash, and keeps what it
 * extracted in an lru-cache that is allowed far too many entries, as caches are. The agent is preloaded; the service
 * imports `plimsoll` only to be told, and answers pressure by giving cache entries back.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename } from 'node:path';

import { LRUCache } from 'lru-cache';
import { monitor, onPressure } from 'plimsoll';

/** @typedef {{ title: string, bytes: number, lines: number, words: number, sha256: string, text: Buffer }} Metadata */

/** @type {LRUCache<string, Metadata>} */
const cache = new LRUCache({ max: 1_000_000 });
let tight = false;
const counts = { requests: 0, hits: 0, evicted: 0 };

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
  counts.requests += 1;
  const known = cache.get(key);
  if (known !== undefined) {
    counts.hits += 1;
    return known;
  }
  const found = await extract(key.replace(/\?.*$/, ''));
  // What was given back must not be taken again at once: from high on nothing new is kept.
  if (!tight) cache.set(key, found);
  return found;
}

/** Gives back the least recently used entries until they sum up to the target. @param {number} targetBytes */
function giveBack(targetBytes) {
  let bytes = 0;
  let entries = 0;
  while (bytes < targetBytes && cache.size > 0) {
    bytes += cache.pop()?.bytes ?? 0;
    entries += 1;
  }
  counts.evicted += entries;
  return { bytes, entries };
}

/** The parent prints what it is told, so that a person sees it as it happens. @param {object} message */
function tell(message) {
  if (process.connected) process.send?.(message);
}

onPressure('change', ({ level, previous, assessment }) => {
  tight = level === 'high' || level === 'critical';
  tell({ kind: 'level', level, previous, assessment });
});
/** @param {import('plimsoll').PressureNotice} notice */
function giveCacheBack({ level, targetBytes }) {
  tell({ kind: 'reclaim', level, targetBytes, ...giveBack(targetBytes) });
}
onPressure('high', giveCacheBack);
onPressure('critical', giveCacheBack);

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://service');
  if (url.pathname !== '/metadata') {
    response.writeHead(404).end();
    return;
  }
  lookUp(url.searchParams.get('file') ?? '')
    .then(({ text: _text, ...metadata }) => response.end(JSON.stringify(metadata)))
    .catch((error) => response.writeHead(500).end(String(error)));
});

server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'listening', port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});

process.on('message', (message) => {
  if (message !== 'summary') return;
  tell({ kind: 'summary', ...counts, entries: cache.size, status: monitor.status(), history: monitor.history() });
});
