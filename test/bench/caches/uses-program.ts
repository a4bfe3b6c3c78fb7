/**
 * A service's use of one `lru-cache`, timed: `node uses-program.ts <way>`. Says on stdout what a get and a set take, as JSON. The agent is
 * preloaded by who starts it, where the way needs one.
 */
import { LRUCache } from 'lru-cache';

import { findAgent } from '../../../agent/model/handle.ts';
import { createDiscovery } from '../../../instrumentation/discovery/index.ts';
import type { Way } from './ways.ts';

const ENTRIES = 2000;
/** In a round. */
const USES = 200_000;
const ROUNDS = 21;

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

/** The fastest round: what else the machine does only adds. */
function nsEach(work: () => void): number {
  let bestMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    work();
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return (bestMs * 1e6) / USES;
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

const agent = findAgent();
while (agent?.status().available === false) await turn();
// as services do: before it is used much
if (way === 'registered') agent?.registerCache(cache, { name: 'bench' });
for (const key of keys) cache.set(key, value);
gets();
sets();
if (way === 'late') agent?.registerCache(cache, { name: 'bench' });
if (way === 'found') await beFound();
if (way === 'read') await beFoundByReads();
for (let round = 0; round < 5; round++) {
  gets();
  sets();
}
const measured = { getNs: nsEach(gets), setNs: nsEach(sets) };
process.stdout.write(JSON.stringify(hits > 0 ? measured : {}));
process.exit();
