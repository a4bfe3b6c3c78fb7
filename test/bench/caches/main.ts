/**
 * `npm run bench:caches [-- --short]`: what a cache costs that the agent knows, beside the same one without an agent (B7), and how long
 * evicting 500 MB stops the event loop (B14). Each figure is of a process of its own; a ratio is of processes that ran one after the other.
 * Exits 1 when a budget is not kept. Beside it: pressure-cache.ts.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { runNode } from '../../helpers/run-node.ts';
import { median, printTable, rounded } from '../overhead/report.ts';
import { ALLOWED_BLOCK_MS, EVICTION_KINDS, type EvictionFigures, type EvictionKind } from './evictions.ts';
import { ALLOWED_RATIO, WAY_WORDS, WAYS, type Way } from './ways.ts';

const { short } = parseArgs({ options: { short: { type: 'boolean', default: false } } }).values;
const RUNS = short ? 5 : 15;
const KINDS: readonly EvictionKind[] = short ? ['buffers', 'objects'] : EVICTION_KINDS;

interface Uses {
  readonly getNs: number;
  readonly setNs: number;
}

async function runProgram(name: string, argument: string, preload: 'require' | 'none', reclaim: 'off' | 'auto') {
  const { stdout, report } = await runNode({
    preload,
    args: ['--max-old-space-size=2000', fileURLToPath(new URL(name, import.meta.url)), argument],
    env: { PLIMSOLL_RECLAIM: reclaim, PLIMSOLL_EXPORTER: 'none' },
    timeoutMs: 60_000,
  });
  if (!stdout.startsWith('{')) throw new Error(report);
  return JSON.parse(stdout) as unknown;
}

async function usesOf(way: Way): Promise<Uses> {
  const isAlone = way === 'plain' || way === 'read';
  return (await runProgram(
    'uses-program.ts',
    way,
    isAlone ? 'none' : 'require',
    way === 'off' ? 'off' : 'auto',
  )) as Uses;
}

async function measureUses(): Promise<boolean> {
  const all = new Map<Way, Uses[]>(WAYS.map((way) => [way, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const [way, uses] of all) uses.push(await usesOf(way));
  }
  let isKept = true;
  const rows = WAYS.map((way) => {
    const of = (what: keyof Uses, among: Way = way): readonly number[] =>
      (all.get(among) ?? []).map((uses) => uses[what]);
    const ratio = (what: keyof Uses): number =>
      median(of(what).map((ns, run) => ns / (of(what, 'plain')[run] ?? Number.NaN)));
    const allowed = ALLOWED_RATIO[way];
    if (allowed !== undefined && ratio('getNs') > allowed) isKept = false;
    return [
      WAY_WORDS[way],
      rounded(median(of('getNs'))),
      ratio('getNs').toFixed(2),
      allowed === undefined ? '' : `≤ ${allowed}`,
      rounded(median(of('setNs'))),
      ratio('setNs').toFixed(2),
    ];
  });
  console.log(`\none lru-cache of 2000 entries, ${RUNS} processes each\n`);
  printTable(['', 'get, ns', '×', 'B7', 'set, ns', '×'], rows);
  return isKept;
}

async function measureEvictions(): Promise<boolean> {
  const rows: string[][] = [];
  let isKept = true;
  for (const kind of KINDS) {
    const figures = (await runProgram('evict-program.ts', kind, 'require', 'auto')) as EvictionFigures;
    if (figures.longestBlockMs > ALLOWED_BLOCK_MS) isKept = false;
    rows.push([
      kind,
      figures.outcome,
      ...[figures.promisedBytes, figures.freedBytes].map((bytes) => rounded(bytes / 1e6)),
      rounded(figures.longestBlockMs),
      `≤ ${ALLOWED_BLOCK_MS}`,
      rounded(figures.saidBlockMs),
      rounded(figures.collectionsMs),
      rounded(figures.longestCollectionMs),
      String(figures.left),
      figures.detail,
    ]);
  }
  console.log('\n500 MB given back by hand\n');
  printTable(
    [
      '',
      'outcome',
      'promised, MB',
      'freed, MB',
      'longest block, ms',
      'B14',
      'said, ms',
      'forced collections, ms',
      'longest, ms',
      'left',
      'in its words',
    ],
    rows,
    2,
  );
  return isKept;
}

const kept = [await measureUses(), await measureEvictions()];
process.exitCode = kept.every(Boolean) ? 0 : 1;
