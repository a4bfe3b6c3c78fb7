/**
 * What a pressure cache costs, beside the plain `lru-cache` it stands for: `node test/bench/caches/pressure-cache.ts [--short]`, after a
 * build. Ratios are of rounds beside each other, both caches from built packages. Exits 1 when a budget is not kept.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { LRUCache } from 'lru-cache';

import { createMaximum } from '../../../instrumentation/caches/pressure-cache-maximum.ts';
import { createMemoryTier } from '../../../instrumentation/caches/pressure-cache-memory.ts';
import { readCacheOptions } from '../../../instrumentation/caches/pressure-cache-options.ts';
import type { CreatePressureCache } from '../../../instrumentation/caches/pressure-cache.ts';

const { short } = parseArgs({ options: { short: { type: 'boolean', default: false } } }).values;
const { pressureCache } = createRequire(import.meta.url)('../../../dist/cache.cjs') as {
  pressureCache: CreatePressureCache;
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const ENTRIES = 2000;
const ROUNDS = short ? 7 : 31;
const GETS = 1_000_000;
const keys = Array.from({ length: ENTRIES }, (_, index) => `user:${index}`);
/** Not in the order of storing, the same for all. */
const order = Array.from({ length: GETS }, (_, index) => keys[(index * 7919) % ENTRIES] ?? '');

const plain = new LRUCache<string, object>({ max: ENTRIES });
const ours = pressureCache<object>({ name: 'bench', maxEntries: ENTRIES });
for (const key of keys) {
  plain.set(key, { key });
  ours.put(key, { key });
  ours.put(key, { key }, 'tier');
  ours.delete(key, 'tier');
}

/** Of this thread: other work of the machine is not the cache's. Some kernels count it in steps of 4 ms. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const wallMs = (): number => performance.now();

function timeOf(work: () => void, nowMs: () => number): number {
  const startMs = nowMs();
  work();
  return nowMs() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

interface Compared {
  readonly firstNs: number;
  readonly secondNs: number;
  /** Of rounds beside each other: what else the machine does meets both alike. */
  readonly ratio: number;
}

function compare(count: number, first: () => void, second: () => void): Compared {
  const rounds = Array.from({ length: ROUNDS }, () => [timeOf(first, cpuMs), timeOf(second, cpuMs)] as const);
  const ns = (ms: number): number => (ms / count) * 1e6;
  return {
    firstNs: ns(median(rounds.map(([ms]) => ms))),
    secondNs: ns(median(rounds.map(([, ms]) => ms))),
    ratio: median(rounds.map(([firstMs, secondMs]) => secondMs / firstMs)),
  };
}

let found = 0;
function getAll(get: (key: string) => unknown): () => void {
  return () => {
    for (const key of order) if (get(key) !== undefined) found += 1;
  };
}

const plainGets = getAll((key) => plain.get(key));
const gets = compare(
  GETS,
  plainGets,
  getAll((key) => ours.get(key)),
);
const tierGets = compare(
  GETS,
  plainGets,
  getAll((key) => ours.get(key, 'tier')),
);
const puts = compare(
  GETS,
  () => order.forEach((key) => plain.set(key, { key })),
  () => order.forEach((key) => ours.put(key, { key })),
);

/** A cache as services have them, filled with texts and objects: 2000 entries, 100 MB. */
function filledTier() {
  const settings = readCacheOptions({ name: 'bench', maxEntries: ENTRIES }, () => {});
  const maximum = createMaximum(ENTRIES, wallMs);
  const tier = createMemoryTier<object>({ settings, maximum, onBadKey() {} });
  for (let index = 0; index < ENTRIES; index += 1) {
    const values = Array.from({ length: 50 }, (_, row) => ({ row, text: `${index}:${row}`.padEnd(900, 'x') }));
    tier.put(`key ${index}`, { values }, undefined, (index * 7919) % 1000);
  }
  return tier;
}

interface Eviction {
  readonly decisions: readonly number[];
  readonly freeMs: number;
  readonly bytes: number;
}

function evict(): Eviction {
  const tier = filledTier();
  collectGarbage(); // that of the filling is not the cache's
  const decisions = Array.from({ length: 20 }, () => {
    let asked = 0;
    // its time is up with its first eviction: what it took until then is the decision
    return timeOf(() => tier.shrink(50, () => (asked += 1) > 1), wallMs);
  });
  let bytes = 0;
  const freeMs = timeOf(() => {
    ({ bytes } = tier.shrink(0, () => false));
  }, wallMs);
  return { decisions, freeMs, bytes };
}

const evictions = Array.from({ length: short ? 5 : 15 }, evict);
const decideMs = median(evictions.flatMap(({ decisions }) => decisions));
const freeMs = median(evictions.map((eviction) => eviction.freeMs));
const first = evictions[0] ?? { decisions: [], freeMs: Number.NaN, bytes: 0 };

const against = ({ secondNs, ratio }: Compared): string => `${secondNs.toFixed(0)} ns = ${ratio.toFixed(2)} ×`;
const after = (ms: number, firstMs: number): string => `${ms.toFixed(2)} ms, first ${firstMs.toFixed(2)}`;
const rows: readonly (readonly [what: string, figure: string, budget: string, isWithin: boolean])[] = [
  ['get, plain lru-cache', `${gets.firstNs.toFixed(0)} ns`, '', true],
  ['get, pressureCache', against(gets), '≤ 1.15 ×', gets.ratio <= 1.15],
  ['get, pressureCache, a named tier', against(tierGets), '< 1 ms', tierGets.secondNs < 1e6],
  ['put, plain lru-cache', `${puts.firstNs.toFixed(0)} ns`, '', true],
  ['put, pressureCache', against(puts), '< 1 ms', puts.secondNs < 1e6],
  [
    'decision what to evict, 2000 entries → 50',
    after(decideMs, first.decisions[0] ?? Number.NaN),
    '< 5 ms',
    decideMs < 5,
  ],
  [`eviction of the rest, ${Math.round(first.bytes / 1e6)} MB`, after(freeMs, first.freeMs), '< 100 ms', freeMs < 100],
];
for (const [what, figure, budget, isWithin] of rows) {
  process.stdout.write(`${what.padEnd(45)} ${figure.padEnd(24)} ${budget}${isWithin ? '' : '   NOT KEPT'}\n`);
}
if (found === 0 || rows.some(([, , , isWithin]) => !isWithin)) process.exitCode = 1;
