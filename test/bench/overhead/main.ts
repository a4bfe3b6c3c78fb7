/**
 * `npm run bench:overhead [-- --runs N] [--settle SECONDS] [--short] [--json]`: what preloading the agent costs, beside plain Node and the peers,
 * in one run on one machine (budgets B1, B2, B3, B4, B5, B8, B15); OTLP goes to a receiver of its own process. Linux only: memory and CPU are read from /proc.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import {
  type BlockFigures,
  type IdleFigures,
  measureIdle,
  measureBlocks,
  measureStart,
  type StartFigures,
} from './measure.ts';
import { installPeers } from './peers.ts';
import { startReceiver } from './receiver.ts';
import { measureReaction, printReaction } from './reaction.ts';
import { median, printTable, printVerdicts, rounded, signed, type Verdict, verdictWord } from './report.ts';
import { measureSidecar, printSidecar } from './sidecar.ts';
import { measureTicks, printTicks } from './tick.ts';
import {
  agentIsBuilt,
  OURS_20_TICKS,
  OURS_20_TICKS_NEAR,
  OURS_4_TICKS,
  OURS_4_TICKS_NEAR,
  OURS_PROMETHEUS,
  OURS_PROMETHEUS_WARM,
  OURS_RECORDING,
  OURS_RECORDING_WARM,
  OURS_RECORDING_SCRIPT,
  OURS_WATCHED,
  OURS_WATCHED_SCRIPT,
  PEER_VARIANTS,
  PLAIN_HTTP,
  PLAIN_SCRIPT,
  PLAIN_WARM,
  type Variant,
} from './variants.ts';
import { otlpVariants } from './variants-otlp.ts';

const WATCH_MS = 5_000;
const PLAIN = { http: PLAIN_HTTP, script: PLAIN_SCRIPT, warm: PLAIN_WARM, cluster: PLAIN_HTTP } as const;

/** Everything over plain Node but for the plain rows, which are absolute. */
interface Row {
  readonly name: string;
  readonly rssMegabytes: number;
  readonly anonymousMegabytes: number;
  readonly firstLineMs: number;
  readonly listeningMs: number;
  readonly longestBlockMs: number;
  readonly cpuPercent: number;
}

interface Samples {
  readonly idle: IdleFigures[];
  readonly start: StartFigures[];
  readonly blocks: BlockFigures[];
}

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string' },
    settle: { type: 'string' },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs ?? (options.short ? 1 : 3));
const settleMs = options.settle === undefined ? (options.short ? 5_000 : 10_000) : Number(options.settle) * 1_000;
const windowMs = options.short ? 8_000 : 20_000;
const startRuns = options.short ? 7 : 15;
const blockRuns = options.short ? 2 : Math.max(3, runs);

const receiver = await startReceiver();
const otlp = otlpVariants(receiver, options.short);
const variants = chooseVariants();
const samples = await gather(variants);
if (agentIsBuilt()) await assertSent(otlp.sending);
receiver.close();
const rows = [...samples.keys()].map(rowOf);
console.error('ticks …');
const ticks = await measureTicks();
console.error('reaction to growth …');
const reaction = agentIsBuilt() ? await measureReaction(options.short) : undefined;
console.error('a sidecar of 20 processes …');
const sidecar = agentIsBuilt() ? await measureSidecar(options.short) : undefined;
const verdicts = [...verdictsOf(), ...ticks.verdicts, ...(reaction?.verdicts ?? []), ...(sidecar?.verdicts ?? [])];
if (options.json)
  console.log(JSON.stringify({ node: process.version, runs, rows, ticks, reaction, sidecar, verdicts }, undefined, 2));
else print();

function chooseVariants(): readonly Variant[] {
  const missing = installPeers();
  if (missing !== undefined) console.error(`the peers are left out: ${missing}`);
  if (!agentIsBuilt()) console.error('plimsoll is left out: dist/register.cjs is missing, run `npm run build`');
  const ours = [
    OURS_PROMETHEUS,
    OURS_PROMETHEUS_WARM,
    OURS_RECORDING,
    OURS_RECORDING_WARM,
    OURS_RECORDING_SCRIPT,
    OURS_WATCHED,
    OURS_WATCHED_SCRIPT,
    OURS_4_TICKS,
    OURS_20_TICKS,
    OURS_4_TICKS_NEAR,
    OURS_20_TICKS_NEAR,
    ...otlp.all,
  ];
  const peers = missing === undefined ? PEER_VARIANTS : [];
  return [PLAIN_HTTP, PLAIN_SCRIPT, PLAIN_WARM, ...(agentIsBuilt() ? ours : []), ...peers];
}

async function gather(measured: readonly Variant[]): Promise<Map<Variant, Samples>> {
  const all = new Map<Variant, Samples>();
  for (const variant of measured) all.set(variant, { idle: [], start: [], blocks: [] });
  for (let run = 0; run < runs; run++) {
    console.error(`idle processes, run ${run + 1} of ${runs} …`);
    const figures = await measureIdle(measured, settleMs, windowMs);
    for (const [index, variant] of measured.entries()) {
      const figure = figures[index];
      if (figure !== undefined) all.get(variant)?.idle.push(figure);
    }
  }
  const started = measured.filter(({ idleOnly }) => idleOnly !== true);
  for (const variant of started) await measureStart(variant); // the page cache has everything from here on
  console.error(`starts, ${startRuns} runs …`);
  for (let run = 0; run < startRuns; run++) {
    for (const variant of started) all.get(variant)?.start.push(await measureStart(variant));
  }
  console.error('event-loop blocks …');
  for (let run = 0; run < blockRuns; run++) {
    // a long watch once is enough for the short form
    const watched = started.filter(
      ({ app, watchMs }) => app === 'http' && (run === 0 || !options.short || watchMs === undefined),
    );
    for (const variant of watched) {
      all.get(variant)?.blocks.push(await measureBlocks(variant, WATCH_MS));
    }
  }
  return all;
}

function rowOf(variant: Variant): Row {
  const plain = baseOf(variant);
  const difference = (figuresOf: (samplesOf: Samples) => readonly number[]): number => {
    const base = figuresOf(samplesFor(plain));
    const own = figuresOf(samplesFor(variant));
    if (variant === plain) return median(base);
    // paired by run: what the machine did in that run falls on both
    return median(own.map((value, run) => value - (base[run] ?? Number.NaN)));
  };
  // Noise only ever lengthens a time, so the shortest over the runs is the program's own.
  const shortest = (which: Variant, timesOf: (samplesOf: Samples) => readonly number[]): number =>
    Math.min(...timesOf(samplesFor(which)));
  const overPlain = (timesOf: (samplesOf: Samples) => readonly number[]): number =>
    shortest(variant, timesOf) - (variant === plain ? 0 : shortest(plain, timesOf));
  const firstBlockMs = overPlain(({ blocks }) => blocks.map(({ firstMs }) => firstMs));
  const laterBlockMs = overPlain(({ blocks }) => blocks.map(({ laterMs }) => laterMs));
  return {
    name: variant.name,
    rssMegabytes: difference(({ idle }) => idle.map(({ rssMegabytes }) => rssMegabytes)),
    anonymousMegabytes: difference(({ idle }) => idle.map(({ anonymousMegabytes }) => anonymousMegabytes)),
    firstLineMs: overPlain(({ start }) => start.map(({ firstLineMs }) => firstLineMs)),
    listeningMs: overPlain(({ start }) => start.map(({ listeningMs }) => listeningMs)),
    longestBlockMs: variant === plain ? laterBlockMs : Math.max(0, firstBlockMs, laterBlockMs),
    cpuPercent: difference(({ idle }) => idle.map(({ cpuRatio }) => cpuRatio * 100)),
  };
}

/** A row that has no base is one itself. */
function baseOf(variant: Variant): Variant {
  return variant.base ?? (variant.whose === 'nobody' ? variant : PLAIN[variant.app]);
}

/** A row of an exporter that never sent says nothing. */
async function assertSent(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { requests, ofOurs } = await receiver.received(name);
    if (ofOurs === 0) throw new Error(`${name}: ${requests} requests came, none with a metric of ours`);
  }
}

function samplesFor(variant: Variant): Samples {
  const found = samples.get(variant);
  if (found === undefined) throw new Error(`${variant.name} was not measured`);
  return found;
}

function verdictsOf(): readonly Verdict[] {
  const of = (variant: Variant, field: Exclude<keyof Row, 'name'>): number | undefined =>
    rows.find(({ name }) => name === variant.name)?.[field];
  const peers = (field: Exclude<keyof Row, 'name'>): string =>
    PEER_VARIANTS.map((variant) => signed(of(variant, field) ?? Number.NaN)).join(' ');
  const line = (
    budget: string,
    what: string,
    unit: string,
    allowed: number,
    variant: Variant,
    field: Exclude<keyof Row, 'name'>,
  ): Verdict => ({ budget, what, unit, allowed, measured: of(variant, field), against: peers(field) });
  return [
    line('B1', 'recording only, RSS', 'MB', 2.5, OURS_RECORDING, 'rssMegabytes'),
    line('B1', 'recording only, script without net, RSS', 'MB', 5, OURS_RECORDING_SCRIPT, 'rssMegabytes'),
    line('B1', 'watched by a sidecar, RSS', 'MB', 2.5, OURS_WATCHED, 'rssMegabytes'),
    line('B1', 'watched by a sidecar, script without net, RSS', 'MB', 5, OURS_WATCHED_SCRIPT, 'rssMegabytes'),
    line('B2', 'Prometheus endpoint, RSS', 'MB', 5, OURS_PROMETHEUS, 'rssMegabytes'),
    line('B3', "delay of the application's first line", 'ms', 10, OURS_PROMETHEUS, 'firstLineMs'),
    line('B3', 'longest block in the first 5 s', 'ms', 10, OURS_PROMETHEUS, 'longestBlockMs'),
    line('B3', 'watched by a sidecar, delay of the first line', 'ms', 10, OURS_WATCHED, 'firstLineMs'),
    line('B3', 'watched by a sidecar, longest block in the first 5 s', 'ms', 10, OURS_WATCHED, 'longestBlockMs'),
    ...[otlp.otlp, otlp.otlpEverySecond, ...otlp.joined].flatMap((variant) => [
      line('B2', `${variant.name}, RSS`, 'MB', 14, variant, 'rssMegabytes'),
      line('B3', `${variant.name}, delay of the first line`, 'ms', 10, variant, 'firstLineMs'),
      line('B3', `${variant.name}, longest block while it starts`, 'ms', 60, variant, 'longestBlockMs'),
    ]),
    line('B5', 'CPU at 1 tick a second', '%', 0.12, OURS_PROMETHEUS, 'cpuPercent'),
    line('B5', 'CPU at 4 ticks a second', '%', 0.2, OURS_4_TICKS, 'cpuPercent'),
    line('B5', 'CPU at 20 ticks a second', '%', 1, OURS_20_TICKS, 'cpuPercent'),
  ];
}

function print(): void {
  const load = loadavg().map(rounded).join(' ');
  console.log(`\nOver plain Node ${process.version}; interleaved runs: medians of ${runs} for memory and CPU,`);
  console.log(
    `the fastest of ${startRuns} starts, the least of ${blockRuns} longest blocks; load average ${load}. Again with: npm run bench:overhead\n`,
  );
  printTable(
    ['', 'RSS MB', 'anonymous MB', 'first line ms', 'listening ms', 'longest block ms', 'CPU %'],
    rows.map((row) => {
      const isBase = variants.some((variant) => variant.name === row.name && baseOf(variant) === variant);
      const show = isBase ? (value: number) => (Number.isFinite(value) ? rounded(value) : '–') : signed;
      return [
        row.name,
        show(row.rssMegabytes),
        show(row.anonymousMegabytes),
        show(row.firstLineMs),
        show(row.listeningMs),
        show(row.longestBlockMs),
        show(row.cpuPercent),
      ];
    }),
  );
  printTicks(ticks);
  if (reaction !== undefined) printReaction(reaction);
  if (sidecar !== undefined) printSidecar(sidecar);
  console.log(`\nBudgets; against: ${PEER_VARIANTS.map(({ name }) => name).join(', ')}\n`);
  printVerdicts(verdicts);
  const over = verdicts.filter((verdict) => verdictWord(verdict) === 'over').length;
  console.log(`\n${over === 0 ? 'nothing is over its budget' : `${over} over budget`}`);
}
