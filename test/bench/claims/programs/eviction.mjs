/** A typical cache that is asked for half of what it holds, by hand, several times: how long until it starts, and until it is done? */
import { LRUCache } from 'lru-cache';
import { monitor, registerCache } from 'plimsoll';

import { makeValue } from '../../survival/programs/values.mjs';
import { given, tell } from './told.mjs';

const { entries, valueBytes, rounds } = given;
const evictedAtMs = { first: Number.NaN, last: Number.NaN };
const cache = new LRUCache({
  max: 100_000,
  dispose() {
    evictedAtMs.last = performance.now();
    if (Number.isNaN(evictedAtMs.first)) evictedAtMs.first = evictedAtMs.last;
  },
});
registerCache(cache, { name: 'typical' });
const alive = setInterval(() => {}, 1_000);
while (!monitor.status().available) await new Promise((resolve) => setTimeout(resolve, 20));

for (let round = 0; round < rounds; round++) {
  for (let key = 0; cache.size < entries; key++) cache.set(`${round} ${key}`, makeValue('mixed', valueBytes));
  await new Promise((resolve) => setTimeout(resolve, 100));
  evictedAtMs.first = Number.NaN;
  const startedMs = performance.now();
  const before = cache.size;
  const outcome = await monitor.reclaim({ targetBytes: (entries * valueBytes) / 2 });
  const wholeMs = performance.now() - startedMs;
  const decisionMs = evictedAtMs.first - startedMs;
  const evictionMs = evictedAtMs.last - evictedAtMs.first;
  tell({ decisionMs, evictionMs, wholeMs, evicted: before - cache.size, outcome });
}
clearInterval(alive);
process.exit(0);
