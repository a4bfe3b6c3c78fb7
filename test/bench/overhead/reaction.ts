/**
 * B8: from crossing 0.70 of the limit to the running pressure handler, growth of 100–500 MB/s, loop free.
 * `node test/bench/overhead/reaction.ts [--short] [--json]`, and as a part of `npm run bench:overhead`.
 */
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { createMemoryGroup, whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { runNode } from '../../helpers/run-node.ts';
import { printTable, printVerdicts, quantile, rounded, type Verdict } from './report.ts';

const APP = fileURLToPath(new URL('apps/grow.cjs', import.meta.url));
const LIMITS_MIB = [256, 512] as const;
const MEGABYTES_PER_SECOND = [100, 250, 500] as const;
const SHAPES = ['buffers', 'objects'] as const;
const BUDGET_MS = 60;
/** The budget is for a free loop: a crossing counts when no turn after it, collections included, was longer. */
const FREE_TURN_MS = 20;

interface Cell {
  readonly shape: (typeof SHAPES)[number];
  readonly limitMib: number;
  readonly megabytesPerSecond: number;
}

interface Crossing extends Cell {
  /** Infinity: the process died before a handler ran. */
  readonly reactionMs: number;
  /** The longest turn of the loop between crossing and handler. */
  readonly longestTurnMs: number;
  /** Use ÷ limit when the handler ran. */
  readonly ratio: number;
  readonly reachedMegabytesPerSecond: number;
}

const CELLS: readonly Cell[] = SHAPES.flatMap((shape) =>
  LIMITS_MIB.flatMap((limitMib) =>
    MEGABYTES_PER_SECOND.map((megabytesPerSecond) => ({ shape, limitMib, megabytesPerSecond })),
  ),
);

export interface Reaction {
  readonly where: string;
  readonly crossings: readonly Crossing[];
  readonly verdicts: readonly Verdict[];
}

/** 12 crossings, or 48. */
export async function measureReaction(short: boolean): Promise<Reaction> {
  const noGroup = whyNoMemoryGroups();
  const crossings: Crossing[] = [];
  for (let round = 0; round < (short ? 1 : 4); round++) {
    for (const cell of CELLS) {
      // Spread over the agent's tick without luck: the golden ratio never falls into step with it.
      const phase = (crossings.length * 0.618) % 1;
      crossings.push(await cross(cell, 1_000 + phase * 1_000, noGroup === undefined));
    }
  }
  const free = crossings.filter(({ longestTurnMs }) => longestTurnMs <= FREE_TURN_MS);
  const all = crossings.map(({ reactionMs }) => reactionMs);
  const whenFree = free.map(({ reactionMs }) => reactionMs);
  const shared = { budget: 'B8', unit: 'ms', allowed: BUDGET_MS, against: 'a timer of 1 s: up to 1000' };
  return {
    where: noGroup === undefined ? 'cgroup' : `process budget (${noGroup})`,
    crossings,
    verdicts: [
      {
        ...shared,
        what: `0.70 → handler, free loop (${free.length} of ${all.length}), p50`,
        measured: quantile(whenFree, 0.5),
      },
      {
        ...shared,
        what: `0.70 → handler, free loop (${free.length} of ${all.length}), p99`,
        measured: quantile(whenFree, 0.99),
      },
      { ...shared, what: '0.70 → handler, turns over 20 ms included, p99', measured: quantile(all, 0.99) },
    ],
  };
}

async function cross(cell: Cell, waitMs: number, grouped: boolean): Promise<Crossing> {
  const limitBytes = cell.limitMib * 2 ** 20;
  const group = grouped ? createMemoryGroup(limitBytes) : undefined;
  try {
    const result = await runNode({
      // the container is to be crossed, not the heap's own limit
      args: ['--max-old-space-size=1024', APP],
      env: {
        BENCH_GROUP: group?.path ?? '',
        BENCH_GROUP_VERSION: String(group?.version ?? ''),
        BENCH_SHAPE: cell.shape,
        BENCH_LIMIT_BYTES: String(limitBytes),
        BENCH_MEGABYTES_PER_SECOND: String(cell.megabytesPerSecond),
        BENCH_WAIT_MS: String(waitMs),
        PLIMSOLL_PROCESS_BUDGET: grouped ? undefined : `${cell.limitMib}MiB`,
      },
      ...(group === undefined ? {} : { shellBefore: group.enter }),
      timeoutMs: 30_000,
    });
    const died = result.signal === 'SIGKILL' && !result.timedOut;
    if (died)
      return { ...cell, reactionMs: Infinity, longestTurnMs: 0, ratio: 1, reachedMegabytesPerSecond: Number.NaN };
    if (result.code !== 0) throw new Error(`the growing program failed\n${result.report}`);
    const answer = JSON.parse(result.stdout) as Omit<Crossing, 'reachedMegabytesPerSecond'>;
    const { reactionMs, longestTurnMs, ratio, megabytesPerSecond } = answer;
    return { ...cell, reactionMs, longestTurnMs, ratio, reachedMegabytesPerSecond: megabytesPerSecond };
  } finally {
    group?.remove();
  }
}

export function printReaction({ where, crossings }: Reaction): void {
  console.log(
    `\nCrossing 0.70 of a ${where}, handler running after, ms. Again with: node test/bench/overhead/reaction.ts\n`,
  );
  printTable(
    [
      'shape',
      'limit MiB',
      'wanted MB/s',
      'reached MB/s',
      'p50 ms',
      'longest ms',
      'longest turn ms',
      'use ÷ limit then',
    ],
    CELLS.map((cell) => {
      const own = crossings.filter(
        ({ shape, limitMib, megabytesPerSecond }) =>
          shape === cell.shape && limitMib === cell.limitMib && megabytesPerSecond === cell.megabytesPerSecond,
      );
      const reactions = own.map(({ reactionMs }) => reactionMs);
      return [
        cell.shape,
        String(cell.limitMib),
        String(cell.megabytesPerSecond),
        rounded(
          quantile(
            own.map(({ reachedMegabytesPerSecond }) => reachedMegabytesPerSecond),
            0.5,
          ),
        ),
        rounded(quantile(reactions, 0.5)),
        rounded(quantile(reactions, 1)),
        rounded(
          quantile(
            own.map(({ longestTurnMs }) => longestTurnMs),
            1,
          ),
        ),
        rounded(
          quantile(
            own.map(({ ratio }) => ratio),
            1,
          ),
        ),
      ];
    }),
  );
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, json: { type: 'boolean' } } });
  const reaction = await measureReaction(values.short);
  if (values.json === true) console.log(JSON.stringify(reaction, undefined, 2));
  else {
    printReaction(reaction);
    console.log();
    printVerdicts(reaction.verdicts);
  }
}
