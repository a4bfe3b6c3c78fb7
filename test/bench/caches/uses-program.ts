/**
 * A service's use of one `lru-cache`, timed: `node uses-program.ts <way>`. Says on stdout what a get and a set take, as JSON. The agent is
 * preloaded by who starts it, where the way needs one.
 */
import { LRUCache } from 'lru-cache';

import { findAgent } from '../../../agent/model/handle.ts';
import { createDiscovery } from '../../../instrumentation/discovery/index.ts';
import type { Way } from './ways.ts';

const ENTRIES = 2000;
const USES = 200_000;
const ROUNDS = 11;

const way = process.argv[2] as Way;
const keys = Array.from({ length: ENTRIES }, (_, index) => `user:${index}`);
/** Not in the order of storing. */
const order = Array.from({ length: USES }, (_, index) => keys[(index * 7919) % ENTRIES] ?? '');
const value = { name: 'a value' };
const original = LRUCache.prototype.set;
const cache = new LRUCache<string, object>({ max: ENTRIES });
let hits = 0;

function gets(): void {
  for (const key of order) if (cache.get(key) !== undefined) hits++;
}

function sets(): void {
  for (const key of order) cache.set(key, value);
}

/** Of this thread: other work of the machine is not the cache's. */
function nsEach(work: () => void): number {
  const startUs = process.threadCpuUsage().user;
  work();
  return ((process.threadCpuUsage().user - startUs) * 1000) / USES;
}

function median(work: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => nsEach(work));
  return rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

const turn = (): Promise<void> => new Promise((resume) => void setTimeout(resume, 5));

/** Used as it is by the application, until the agent has found it and looks away again. */
async function beFound(): Promise<void> {
  while ((findAgent()?.caches().length ?? 0) === 0 || LRUCache.prototype.set !== original) {
    gets();
    sets();
    await turn();
  }
}

/** As when memory runs short and nothing was ever put into it since the agent looks. */
async function beFoundByReads(): Promise<void> {
  const found = new Set<object>();
  const discovery = createDiscovery({
    imports: { urls: new Set([import.meta.resolve('lru-cache')]), load: async (url) => (await import(url)) as unknown },
    mayWatchReads: true,
    found: (one) => found.add(one),
    setTimer: () => () => {},
  });
  await turn(); // the class is known
  discovery.lookHard();
  while (found.size === 0) {
    gets();
    await turn();
  }
  discovery.stop();
}

for (const key of keys) cache.set(key, value);
gets();
sets();
const agent = findAgent();
while (agent?.status().available === false) await turn();
if (way === 'found') await beFound();
if (way === 'read') await beFoundByReads();
if (way === 'registered') agent?.registerCache(cache, { name: 'bench' });
for (let round = 0; round < 5; round++) {
  gets();
  sets();
}
const measured = { getNs: median(gets), setNs: median(sets) };
process.stdout.write(JSON.stringify(hits > 0 ? measured : {}));
process.exit();
