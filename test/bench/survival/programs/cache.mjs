/**
 * A service that keeps what it made: a request asks for a key, a miss makes the value and caches it. First every key is asked for once, so
 * that memory grows as the argument `megabytesPerSecond` says; then, as often, the popular ones more than the others. Nothing grows faster
 * than that, whatever is evicted.
 */
import { LRUCache } from 'lru-cache';

import { guard } from './guard.mjs';
import { paced } from './pace.mjs';
import { finish, tell, tellProgress } from './told.mjs';
import { createRandom, makeValue } from './values.mjs';

/** @type {{ shape: 'buffers' | 'objects' | 'mixed', cache: string, maxBytes: number, keys: number, valueBytes: number, megabytesPerSecond: number, seconds: number, synchronous: boolean, guard: string, limitBytes: number, guardFolder: string }} */
const given = JSON.parse(process.argv[2] ?? '{}');
const { shape, keys, valueBytes, megabytesPerSecond, seconds } = given;

function createCache() {
  if (given.cache === 'map') return new Map();
  if (given.cache === 'lru-entries') return new LRUCache({ max: 100_000 });
  return new LRUCache({ maxSize: given.maxBytes, sizeCalculation: () => valueBytes });
}

const cache = createCache();
const entrance = await guard(given, cache);
const random = createRandom(7);
const counts = { operations: 0, hits: 0, again: 0, refused: 0 };
let met = 0;
const startedMs = performance.now();

/** @param {number} key */
function request(key) {
  if (entrance.isClosed()) {
    counts.refused += 1;
    return;
  }
  counts.operations += 1;
  if (met >= keys) counts.again += 1;
  if (cache.get(key) === undefined) cache.set(key, makeValue(shape, valueBytes));
  else counts.hits += 1;
}

/** Most requests are for few of the keys. */
function popular() {
  return Math.floor(keys * random() ** 3);
}

function step() {
  request(met < keys ? met : popular());
  met += 1;
  return performance.now() - startedMs > seconds * 1000;
}

tell(counts);
tellProgress(() => counts);
if (given.synchronous) while (met < keys) step();
const longestGapMs = await paced((megabytesPerSecond * 1e6) / valueBytes, step);
await finish({ ...counts, longestGapMs, entries: cache.size, rssBytes: process.memoryUsage.rss() });
