/**
 * What a read of each source costs: `node test/bench/sources.ts`. Twice, since both are real: an agent that samples
 * once a second spends its first minutes in code that V8 has not optimized.
 */
import { spawnSync } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';

import { createRow } from '../../agent/model/row.ts';
import { createSources } from '../../instrumentation/sources/index.ts';
import { createWorld } from '../contracts/source.ts';

interface Cost {
  readonly source: string;
  readonly read: Figures;
  readonly probe: Figures | undefined;
}

interface Figures {
  readonly microseconds: number;
  readonly garbageBytes: number;
}

/** Two minutes of an agent at rest. */
const FIRST_READS = 120;
const BATCHES = 30;
const BATCH = 200;

function timed(reads: number, read: () => void): Figures {
  const before = getHeapStatistics().used_heap_size;
  const start = performance.now();
  for (let i = 0; i < reads; i += 1) read();
  const microseconds = ((performance.now() - start) * 1000) / reads;
  return { microseconds, garbageBytes: (getHeapStatistics().used_heap_size - before) / reads };
}

function firstReads(read: () => void): Figures {
  timed(1, () => {}); // whatever a first measurement makes of its own
  return timed(FIRST_READS, read);
}

/** The median batch: others share the machine. */
function laterReads(read: () => void): Figures {
  for (let i = 0; i < 20; i += 1) timed(BATCH, read);
  globalThis.gc?.();
  const batches = Array.from({ length: BATCHES }, () => timed(BATCH, read));
  return {
    microseconds: median(batches.map(({ microseconds }) => microseconds)),
    garbageBytes: median(batches.map(({ garbageBytes }) => garbageBytes)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function measure(costOf: (read: () => void) => Figures): Promise<Cost[]> {
  const row = createRow();
  const { sources, recordLateness } = await createSources(createWorld({ processBudgetBytes: 2 ** 30 }));
  for (let i = 0; i < 64; i += 1) recordLateness(i % 7);
  return sources.map((source) => ({
    source: source.name,
    read: costOf(() => source.read(row)),
    probe: source.probe === undefined ? undefined : costOf(() => source.probe?.(row)),
  }));
}

function table(title: string, costs: readonly Cost[]): void {
  const cells = (label: string, { microseconds, garbageBytes }: Figures, probe: Figures | undefined): string =>
    [
      label.padEnd(22),
      microseconds.toFixed(2).padStart(9),
      garbageBytes.toFixed(0).padStart(10),
      (probe?.microseconds.toFixed(2) ?? '').padStart(10),
      (probe?.garbageBytes.toFixed(0) ?? '').padStart(11),
    ].join('');
  const sum = (figures: readonly Figures[]): Figures => ({
    microseconds: figures.reduce((all, { microseconds }) => all + microseconds, 0),
    garbageBytes: figures.reduce((all, { garbageBytes }) => all + garbageBytes, 0),
  });
  const total = (chosen: readonly Cost[]): [Figures, Figures] => [
    sum(chosen.map(({ read }) => read)),
    sum(chosen.flatMap(({ probe }) => probe ?? [])),
  ];
  console.log(`\n${title}`);
  console.log(`${'source'.padEnd(22)}  read µs garbage B  probe µs  garbage B`);
  for (const { source, read, probe } of costs) console.log(cells(source, read, probe));
  console.log(cells('all but cgroup', ...total(costs.filter(({ source }) => source !== 'cgroup'))));
  console.log(cells('all', ...total(costs)));
}

/** Measured in a process of its own, with a young generation that is not collected meanwhile. */
function measureApart(which: 'first' | 'later'): Cost[] {
  const semiSpace = ['--min-semi-space-size=128', '--max-semi-space-size=128'];
  const args = [...process.execArgv, '--expose-gc', ...semiSpace, import.meta.filename, which];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(child.stdout) as Cost[];
}

const [, , which] = process.argv;
if (which === 'first' || which === 'later') {
  console.log(JSON.stringify(await measure(which === 'first' ? firstReads : laterReads)));
} else {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}`);
  table(`the first ${FIRST_READS} reads of a process`, measureApart('first'));
  table('later, optimized', measureApart('later'));
}
