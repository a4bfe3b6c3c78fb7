import fc from 'fast-check';

import { createPolicy, PRESET_NAMES } from '../../../agent/config/presets.ts';
import type { Policy } from '../../../agent/model/policy.ts';
import { COL, COLUMNS, createRow, type Row } from '../../../agent/model/row.ts';
import { rowOf, type Sample } from './recording.ts';

/** Recordings as a service could make them, and rows as none could. */

/** FAST_CHECK_SEED repeats a run; every property prints the seed it ran with. */
export const SEED = Number(process.env['FAST_CHECK_SEED'] ?? Date.now() % 2 ** 31);

const ratio = fc.double({ min: 0, max: 1.15, noNaN: true });
/** Uses cluster around the thresholds, where the decisions are. */
const use = fc.oneof(ratio, fc.constantFrom(0.4, 0.6, 0.62, 0.69, 0.7, 0.76, 0.82, 0.86, 0.92, 0.95, 1));

const segment = fc.record({
  samples: fc.integer({ min: 1, max: 90 }),
  stepMs: fc.constantFrom(5, 50, 250, 1000, 1000, 7000, 10_000, 20_000),
  limit: fc.constantFrom(1000, 1000, 1000, 1000, 2000, Infinity, Number.NaN),
  from: use,
  to: use,
  steady: fc.boolean(),
  noise: fc.constantFrom(0, 0, 0, 0.004, 0.015, 0.05),
  cache: fc.constantFrom(0, 0.01, 0.1, 1),
  heap: fc.option(
    fc.record({
      live: use,
      peak: fc.constantFrom(0, 0.02, 0.2, 0.4),
      gaps: fc.constantFrom(0, 0.02, 0.07, 0.2),
      period: fc.integer({ min: 2, max: 9 }),
    }),
  ),
  budget: fc.option(use, { freq: 5 }),
  throttle: fc.option(use, { freq: 3 }),
  host: fc.option(use, { freq: 2 }),
  worker: fc.option(fc.record({ steady: use, used: use, limit: fc.constantFrom(300, 300, 400, Number.NaN) }), {
    freq: 3,
  }),
  stallRatio: fc.constantFrom(0, 0, 0, 0.0005, 0.02, 0.12, 0.7),
  faultsPerSample: fc.constantFrom(0, 0, 1, 50),
  maxEvery: fc.constantFrom(0, 0, 0, 1, 7),
  oomEvery: fc.constantFrom(0, 0, 0, 0, 0, 31),
  psi: fc.constantFrom(true, true, false),
  rebase: fc.constantFrom(false, false, false, true),
  missingEvery: fc.constantFrom(0, 0, 0, 5),
});

type Segment = typeof segment extends fc.Arbitrary<infer T> ? T : never;

/** Long, high, and nothing moves: what a latch needs. */
const quietSegment = segment.map((part): Segment => ({
  ...part,
  samples: 90,
  stepMs: 10_000,
  limit: 1000,
  from: 0.8 + part.from / 10,
  steady: true,
  noise: 0,
  stallRatio: part.stallRatio > 0.001 ? 0 : part.stallRatio,
  faultsPerSample: 0,
  maxEvery: 0,
  oomEvery: 0,
  rebase: false,
  missingEvery: 0,
}));
const anySegment = fc.oneof({ weight: 5, arbitrary: segment }, { weight: 1, arbitrary: quietSegment });

export const recording: fc.Arbitrary<Row[]> = fc.array(anySegment, { minLength: 1, maxLength: 8 }).map(rowsOf);

function rowsOf(segments: readonly Segment[]): Row[] {
  const rows: Row[] = [];
  const totals = { ms: 1000, max: 500, oom: 2, stall: 40, faults: 1000 };
  for (const part of segments) {
    if (part.rebase) Object.assign(totals, { max: 0, oom: 0, stall: 0, faults: 0 });
    for (let index = 0; index < part.samples; index++) {
      totals.ms += part.stepMs;
      totals.stall += (part.stallRatio * part.stepMs) / 1000;
      totals.faults += part.faultsPerSample;
      if (part.maxEvery > 0 && index % part.maxEvery === 0) totals.max += 3;
      if (part.oomEvery > 0 && index % part.oomEvery === 30) totals.oom += 1;
      const isMissing = part.missingEvery > 0 && index % part.missingEvery === 0;
      rows.push(rowOf(sampleOf(part, index, totals, isMissing)));
    }
  }
  return rows;
}

type Totals = Readonly<Record<'ms' | 'max' | 'oom' | 'stall' | 'faults', number>>;

function sampleOf(part: Segment, index: number, totals: Totals, isMissing: boolean): Sample {
  const progress = part.steady ? 0 : index / part.samples;
  const wobble = part.noise * Math.sin(index * 2.4);
  const level = Math.max(0, part.from + (part.to - part.from) * progress + wobble);
  const size = Number.isFinite(part.limit) ? part.limit : 1000;
  const { heap } = part;
  return {
    at: totals.ms / 1000,
    limit: part.limit,
    use: size * level,
    usage: size * Math.min(1, level + part.cache),
    anon: isMissing ? Number.NaN : size * level * 0.8,
    max: isMissing ? Number.NaN : totals.max,
    oom: totals.oom,
    oomKill: Math.floor(totals.oom / 2),
    stall: part.psi ? totals.stall : Number.NaN,
    faults: totals.faults,
    ...(heap === null
      ? {}
      : {
          heapLimit: 500,
          ...(isMissing ? {} : { heapLive: 500 * heap.live }),
          heapOld: 500 * (heap.live + (heap.peak * (index % heap.period)) / heap.period),
          heapLarge: index % 3,
          heapPages: 500 * (heap.live + heap.peak + heap.gaps),
        }),
    ...(part.budget === null ? {} : { budget: 800, rss: 800 * part.budget }),
    ...(part.throttle === null ? {} : { high: 900, highUse: 900 * part.throttle }),
    ...(part.worker === null ? {} : workerOf(part.worker, index)),
    ...(part.host === null ? {} : { hostTotal: 9000, hostAvailable: 9000 * (1 - part.host) }),
  };
}

/** Its current use comes up from what collections leave every few samples. */
function workerOf({ steady, used, limit }: NonNullable<Segment['worker']>, index: number): Partial<Sample> {
  const size = Number.isNaN(limit) ? 300 : limit;
  const workerSteady = size * steady;
  return { workerLimit: limit, workerSteady, worker: index % 4 === 0 ? workerSteady : size * Math.max(steady, used) };
}

export const policy: fc.Arbitrary<Policy> = fc
  .record({
    preset: fc.constantFrom(...PRESET_NAMES),
    confirmSamples: fc.integer({ min: 1, max: 4 }),
    dwellMs: fc.constantFrom(0, 1000, 10_000, 60_000),
    coolDownMs: fc.constantFrom(0, 500, 5000, 20_000),
  })
  .map(({ preset, ...rest }) => ({ ...createPolicy({ preset }), ...rest }));

const garbageCell = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, -1, 1e300, -1e300, 5e-324, 2 ** 53, 1, 1000),
  fc.double(),
);

/** Any numbers in the columns that the classifier reads, and rows that are too short. */
export const garbageRow: fc.Arbitrary<Row> = fc
  .tuple(
    fc.array(garbageCell, { minLength: COL.agentSampleSeconds, maxLength: COL.agentSampleSeconds }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([cells, kind]) => {
    const row = kind === 0 ? new Float64Array(cells.length % COLUMNS.length) : createRow();
    row.set(cells.slice(0, row.length));
    return kind === 0 ? row.slice(0, Math.abs(Math.trunc(cells[0] ?? 0)) % row.length || 0) : row;
  });
