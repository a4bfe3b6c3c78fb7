/**
 * 500 MB in a registered cache, given back by hand under the preloaded agent: `node evict-program.ts <kind>`. Says on stdout, as JSON, what
 * the agent says of it and how long the event loop stood still meanwhile.
 */
import { performance, PerformanceObserver } from 'node:perf_hooks';

import { LRUCache } from 'lru-cache';

import { findAgent } from '../../../agent/model/handle.ts';
import type { EvictionFigures, EvictionKind } from './evictions.ts';

const BYTES = 500_000_000;
const kind = process.argv[2] as EvictionKind;

const VALUES: Readonly<Record<EvictionKind, { readonly bytes: number; make(index: number): object | string }>> = {
  buffers: { bytes: 100_000, make: (index) => Buffer.alloc(100_000, index) },
  texts: { bytes: 10_000, make: (index) => `${index}`.padEnd(9_990, 'x').split('').join('') },
  objects: {
    bytes: 2_000,
    make: (index) => Array.from({ length: 25 }, (_, row) => ({ row, index, sum: row + index, of: `${index}:${row}` })),
  },
};

const { bytes, make } = VALUES[kind];
const cache = new LRUCache<number, object | string>({ max: 1_000_000 });
for (let index = 0; index < BYTES / bytes; index++) cache.set(index, make(index));

const agent = findAgent();
if (agent === undefined) throw new Error('no agent in this process');
while (!agent.status().available) await new Promise((resume) => void setTimeout(resume, 20));
agent.registerCache(cache, { name: 'bench', sizeOf: () => bytes });

const pauses: { readonly startMs: number; readonly ms: number }[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) pauses.push({ startMs: startTime, ms: duration });
});
observer.observe({ entryTypes: ['gc'] });

/** Turns of the loop while it lasts, longest first; what a collection took of one is known afterwards. */
const turns: { readonly startMs: number; readonly ms: number }[] = [];
let isOver = false;
function turn(startMs: number): void {
  const nowMs = performance.now();
  turns.push({ startMs, ms: nowMs - startMs });
  if (!isOver) setImmediate(turn, nowMs);
}
setImmediate(turn, performance.now());

const outcome = await agent.reclaim(BYTES);
await new Promise((resume) => void setTimeout(resume, 100));
isOver = true;
await new Promise((resume) => void setTimeout(resume, 10));

const withoutCollections = turns.map(
  ({ startMs, ms }) =>
    ms -
    pauses
      .filter((pause) => pause.startMs >= startMs && pause.startMs < startMs + ms)
      .reduce((sum, pause) => sum + pause.ms, 0),
);
const figures: EvictionFigures = {
  outcome: outcome.outcome,
  detail: outcome.detail,
  promisedBytes: outcome.promisedBytes,
  freedBytes: outcome.freedBytes,
  saidBlockMs: outcome.longestBlockMs,
  longestBlockMs: Math.max(...withoutCollections),
  collectionsMs: outcome.collectionMs,
  longestCollectionMs: Math.max(0, ...pauses.map(({ ms }) => ms)),
  left: cache.size,
};
process.stdout.write(JSON.stringify(figures));
process.exit();
