/**
 * A service whose cache holds what it was asked for, a load, and then nothing to do: how much memory does it keep? With Plimsoll it has a
 * registered cache, and gives a part of its memory back when nobody has asked for anything for a second.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { LRUCache } from 'lru-cache';

import { paced } from '../../survival/programs/pace.mjs';
import { createRandom, makeValue } from '../../survival/programs/values.mjs';
import { given, memory, tell } from './told.mjs';

const { shape, keys, valueBytes, seconds, idleSeconds, isGuarded, givenBack } = given;

const cache = new LRUCache({ max: 100_000 });
const plimsoll = isGuarded ? await import('plimsoll') : undefined;
plimsoll?.registerCache(cache, { name: 'values' });

const random = createRandom(7);
const counts = { requests: 0, hits: 0 };
const perSecond = (2 * keys) / seconds;
let met = 0;

/** One of two is new until all are known; the others, and all of them then, are for few of the keys. */
function request() {
  const key = counts.requests % 2 === 0 && met < keys ? met++ : Math.floor(met * random() ** 4);
  counts.requests += 1;
  if (cache.get(key) === undefined) cache.set(key, makeValue(shape, valueBytes));
  else counts.hits += 1;
  return performance.now() > seconds * 1000;
}

await paced(perSecond, request);
const atEnd = memory();
const entriesLoaded = cache.size;
// its server would keep it alive
setInterval(() => {}, 60_000);
await delay(1000);
const outcome = await plimsoll?.monitor.reclaim({ targetBytes: givenBack * atEnd.rssBytes });
await delay(idleSeconds * 1000);
tell({ ...counts, ...memory(), entriesLoaded, entries: cache.size, outcome });
process.exit(0);
