/**
 * What taking everything out of a typical cache costs, garbage collection not counted: 10 000 entries of 10 kB in each supported library,
 * in slices of 5 ms. And how long it takes to learn what there is to decide about, of a thousand caches. `node test/bench/caches/freeing.ts`
 */
import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

import { createCacheRegistry } from '../../../instrumentation/caches/index.ts';
import { cacheClass, NEVER, noLibraries } from '../../helpers/follow-cache.ts';

const ENTRIES = 10_000;
const ENTRY_BYTES = 10_000;
const SLICE_MS = 5;
/** The promises. */
const ALLOWED_TOTAL_MS = 100;
const ALLOWED_BLOCK_MS = 10;
const ALLOWED_DECISION_MS = 5;

interface Fillable {
  set(key: string, value: unknown): unknown;
}

const lruOptions = { max: ENTRIES, maxSize: 2 * ENTRIES };
const LIBRARIES: Readonly<Record<string, () => Fillable>> = {
  Map: () => new Map<string, unknown>(),
  'lru-cache 7': () => new (cacheClass('lru-cache-7'))({ max: ENTRIES }),
  'lru-cache 10': () => new (cacheClass('lru-cache-10', 'LRUCache'))({ max: ENTRIES }),
  'lru-cache 11': () => new (cacheClass('lru-cache-11', 'LRUCache'))({ max: ENTRIES }),
  'lru-cache 11, ttl': () => new (cacheClass('lru-cache-11', 'LRUCache'))({ max: ENTRIES, ttl: 60_000 }),
  'quick-lru 5': () => new (cacheClass('quick-lru-5'))(lruOptions),
  'quick-lru 7': () => new (cacheClass('quick-lru'))(lruOptions),
  'node-cache': () => new (cacheClass('node-cache'))({ useClones: false }),
  'keyv 5': () => new (cacheClass('keyv-5', 'Keyv'))({}),
  CacheableMemory: () => new (cacheClass('cacheable', 'CacheableMemory'))({ lruSize: ENTRIES }),
};

const VALUES: Readonly<Record<string, (index: number) => unknown>> = {
  buffers: (index) => Buffer.alloc(ENTRY_BYTES, index),
  objects: (index) => Array.from({ length: 80 }, (_, at) => ({ at, index, label: `label ${at} of ${index}` })),
};

const pauses: PerformanceEntry[] = [];
const observer = new PerformanceObserver((list) => void pauses.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

function pausesBetween(startMs: number, endMs: number): number {
  return pauses
    .splice(0)
    .filter(({ startTime }) => startTime >= startMs && startTime <= endMs)
    .reduce((sum, { duration }) => sum + duration, 0);
}

/** Of this thread: what other programs of the machine take is not its cost. */
function ownMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function openRegistry(
  onProblem = ({ message }: { readonly message: string }) => void process.stdout.write(`${message}\n`),
) {
  return createCacheRegistry({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onProblem,
  });
}

async function free(create: () => Fillable, valueOf: (index: number) => unknown) {
  const cache = create();
  for (let index = 0; index < ENTRIES; index++) await cache.set(`key-${index}`, valueOf(index));
  const registry = openRegistry();
  registry.register(cache, { name: 'freed' });
  const [followed] = registry.followed(false);
  let [totalMs, longestMs, entries, bytes] = [0, 0, 0, 0];
  for (;;) {
    const startMs = performance.now();
    const startCpuMs = ownMs();
    const evicted = followed?.evict(Infinity, () => performance.now() - startMs >= SLICE_MS);
    const cpuMs = ownMs() - startCpuMs;
    const endMs = performance.now();
    await new Promise((resume) => setTimeout(resume, 1));
    const tookMs = Math.max(0, cpuMs - pausesBetween(startMs, endMs));
    totalMs += tookMs;
    longestMs = Math.max(longestMs, tookMs);
    entries += evicted?.entries ?? 0;
    bytes += evicted?.bytes ?? 0;
    if (evicted === undefined || evicted.entries === 0) return { totalMs, longestMs, entries, bytes };
  }
}

function decide(): number {
  // more of them than there are names
  const registry = openRegistry(() => {});
  for (let number = 0; number < 1000; number++) {
    registry.register(new Map([[number, 'x'.repeat(100)]]), { name: `cache-${number}` });
  }
  registry.statuses();
  const startMs = performance.now();
  for (const followed of registry.followed(true)) {
    followed.status();
    followed.costMs();
    followed.hitsPerSecond();
  }
  const decisionMs = performance.now() - startMs;
  registry.followed(true)[0]?.evict(1, NEVER);
  return decisionMs;
}

if (noLibraries !== false) {
  process.stdout.write(`${noLibraries}\n`);
  process.exit(1);
}
let isKept = true;
process.stdout.write(
  '| cache | values | entries | MB promised | ms in total | longest block, ms |\n|---|---|---|---|---|---|\n',
);
for (const [values, valueOf] of Object.entries(VALUES)) {
  for (const [library, create] of Object.entries(LIBRARIES)) {
    const { totalMs, longestMs, entries, bytes } = await free(create, valueOf);
    isKept &&= totalMs < ALLOWED_TOTAL_MS && longestMs < ALLOWED_BLOCK_MS;
    const figures = [entries, (bytes / 1e6).toFixed(0), totalMs.toFixed(1), longestMs.toFixed(1)];
    process.stdout.write(`| ${[library, values, ...figures].join(' | ')} |\n`);
  }
}
const decisionMs = decide();
isKept &&= decisionMs < ALLOWED_DECISION_MS;
process.stdout.write(`\nwhat there is to decide about, of a thousand caches: ${decisionMs.toFixed(1)} ms\n`);
process.stdout.write(
  isKept ? 'kept\n' : `NOT kept: ${ALLOWED_TOTAL_MS} ms, ${ALLOWED_BLOCK_MS} ms, ${ALLOWED_DECISION_MS} ms\n`,
);
process.exitCode = isKept ? 0 : 1;
