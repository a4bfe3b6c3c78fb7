/**
 * `npm run bench:workers -- [--runs N] [--cell PATTERN] [--speed MB/s] [--seconds N] [--calm]`: worker threads that grow until
 * Node.js ends them with ERR_WORKER_OUT_OF_MEMORY, and what the agent had recorded in the last second; then healthy ones that make
 * garbage, and whether the agent stayed calm. `--calm`: only those. The statement of 19 in 20 takes `--runs 20`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CONSTRAINTS } from '../../../agent/model/constraint.ts';
import type { Row } from '../../../agent/model/row.ts';
import { ensureNode } from '../../../scripts/nodes.ts';
import { type RunResult, startNode } from '../../helpers/run-node.ts';
import { median, printTable } from '../overhead/report.ts';
import { PRESSURE_AT_LEAST } from './death.ts';
import { readRecording, value } from './recording.ts';

const NODES = ['22', '24', '26'] as const;
const SHAPES = ['objects', 'strings', 'arrays'] as const;
const OLD_GENERATIONS_MEBIBYTES = [32, 64, 128] as const;
/** 32 MiB fill in 300 ms at 100 MB/s, six ticks of the sampler: reported, not judged. */
const SMALLEST_JUDGED_MEBIBYTES = 64;
const OK_AT_LEAST = 0.95;
/** What the runtime keeps in the old generation is part of the live set. */
const BASE_MEGABYTES = 5;
const GROWTH_MEGABYTES_PER_SECOND = 300;
const HEALTHY_RATIO = 0.5;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    cell: { type: 'string', default: '' },
    speed: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '12' },
    calm: { type: 'boolean', default: false },
  },
});

interface Life {
  readonly rows: readonly Row[];
  readonly endedWallMs: number;
  readonly result: RunResult;
}

async function live(
  node: string,
  program: string,
  old: number,
  own: readonly string[],
  timeoutMs: number,
): Promise<Life> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-workers-'));
  const running = startNode({
    node: ensureNode(node),
    args: [fileURLToPath(new URL('programs/worker.mjs', import.meta.url)), `./${program}.mjs`, String(old), ...own],
    env: { PLIMSOLL_DIR: directory, PLIMSOLL_EXPORTER: 'none' },
    timeoutMs,
  });
  let endedWallMs = Number.NaN;
  running.child.once('exit', () => {
    endedWallMs = Date.now();
  });
  running.child.stdin.end();
  const result = await running.ended;
  const recording = readRecording(directory);
  rmSync(directory, { recursive: true, force: true });
  return { rows: typeof recording === 'string' ? [] : recording.rows, endedWallMs, result };
}

interface Cell {
  readonly node: string;
  readonly shape: string;
  readonly old: number;
}

const named = ({ node, shape, old }: Cell): string => `${node} ${shape} ${old}`;
const wanted = (cell: Cell): boolean => options.cell.split(' ').every((word) => ` ${named(cell)} `.includes(word));
const cells = NODES.flatMap((node) =>
  SHAPES.flatMap((shape) => OLD_GENERATIONS_MEBIBYTES.map((old): Cell => ({ node, shape, old }))),
).filter(wanted);

async function deaths(): Promise<void> {
  const table: string[][] = [];
  for (const cell of cells) {
    const pressures: number[] = [];
    const agesMs: number[] = [];
    let ok = 0;
    let died = 0;
    for (let run = 0; run < Number(options.runs); run += 1) {
      const { rows, endedWallMs, result } = await live(cell.node, cell.shape, cell.old, [options.speed], 60_000);
      const last = rows.at(-1);
      const pressureRatio = last === undefined ? 0 : value(last, 'pressureRatio');
      const isNamed = last !== undefined && CONSTRAINTS[value(last, 'bindingConstraint')] === 'worker';
      // where the 16 MB that Node.js adds at last do not suffice either, V8 aborts the process
      const isDeath = /ERR_WORKER_OUT_OF_MEMORY|JavaScript heap out of memory/.test(result.stderr);
      pressures.push(pressureRatio);
      agesMs.push(last === undefined ? Number.NaN : endedWallMs - value(last, 'wallMs'));
      if (isDeath) died += 1;
      if (isDeath && isNamed && pressureRatio >= PRESSURE_AT_LEAST) ok += 1;
      else console.error(`${named(cell)}: ${rows.length} records, last ${pressureRatio}\n${result.report}`);
    }
    const judged = cell.old >= SMALLEST_JUDGED_MEBIBYTES;
    if (judged && ok < OK_AT_LEAST * pressures.length) process.exitCode = 1;
    const figures = [median(pressures), Math.min(...pressures)].map((ratio) => ratio.toFixed(2));
    table.push([
      cell.node,
      cell.shape,
      String(cell.old),
      judged ? 'judged' : 'reported',
      String(died),
      ...figures,
      median(agesMs).toFixed(0),
      `${ok}/${pressures.length}`,
    ]);
  }
  console.log(`growth at ${options.speed} MB/s; load average ${loadavg()[0]?.toFixed(1)}\n`);
  printTable(['Node', 'shape', 'old MiB', '', 'died', 'pressure', 'worst', 'age ms', 'ok'], table, 4);
}

async function calm(): Promise<void> {
  const table: string[][] = [];
  for (const { node, old } of cells.filter(({ shape }) => shape === 'objects')) {
    const liveMegabytes = (HEALTHY_RATIO * old * 2 ** 20) / 1e6 - BASE_MEGABYTES;
    const own = [liveMegabytes.toFixed(1), String(GROWTH_MEGABYTES_PER_SECOND)];
    const { rows, result } = await live(node, 'service', old, own, Number(options.seconds) * 1000);
    const levels = rows.map((row) => value(row, 'level'));
    const pressures = rows.map((row) => value(row, 'pressureRatio'));
    const transitions = levels.filter((level, index) => index > 0 && level !== levels[index - 1]).length;
    if (!result.timedOut || levels.includes(3) || rows.length < Number(options.seconds) / 2) process.exitCode = 1;
    const highest = Math.max(...pressures).toFixed(2);
    table.push([
      node,
      String(old),
      result.timedOut ? 'lived' : 'ENDED',
      String(rows.length),
      highest,
      String(transitions),
      String(Math.max(...levels)),
    ]);
  }
  console.log(`\ngarbage-heavy workers, live set ${HEALTHY_RATIO} of the limit, ${options.seconds} s each\n`);
  printTable(['Node', 'old MiB', '', 'samples', 'highest pressure', 'transitions', 'highest level'], table, 3);
}

if (!options.calm) await deaths();
await calm();
