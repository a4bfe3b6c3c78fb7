/**
 * `npm run bench:truth [-- --short] [--runs N] [--cell PATTERN]... [--speed MB/s] [--keep DIR] [--json]`: runs programs to their
 * death under real limits and prints what the agent had recorded in the last second beside what other monitors read (budget B10).
 * A pattern is words of a cell: `--cell '24 arrays'`, `--cell '22 objects default 512'`. The full statement takes `--runs 20`.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { ensureNode } from '../../../scripts/nodes.ts';
import { whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { allCells, type Cell, cellKey, matches, shortCells } from './cells.ts';
import { type Death, runToDeath } from './death.ts';
import { type CellResult, print, reaches } from './report.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    runs: { type: 'string' },
    cell: { type: 'string', multiple: true },
    speed: { type: 'string', default: '100' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs ?? (options.short ? 2 : 3));
const megabytesPerSecond = Number(options.speed);

process.once('SIGINT', () => process.exit(130)); // the groups are taken away at exit
const why = whyNoMemoryGroups();
if (why === undefined) await main();
else console.log(`skipped, the limits must be real: ${why}`);

async function main(): Promise<void> {
  const cells = chosenCells();
  for (const node of new Set(cells.map((cell) => cell.node))) ensureNode(node);
  const results: CellResult[] = [];
  for (const [index, cell] of cells.entries()) {
    results.push({ cell, deaths: await runCell(cell, `${index + 1}/${cells.length}`) });
  }
  progress('');
  if (options.json) console.log(JSON.stringify({ runs, megabytesPerSecond, results }, undefined, 2));
  else {
    console.log(
      `growth at ${megabytesPerSecond} MB/s in steps under 1 MB, the loop free between them; ${runs} runs a cell;`,
    );
    console.log(
      `load average ${loadavg()[0]?.toFixed(1)}. Again with: npm run bench:truth -- --runs ${runs} --speed ${megabytesPerSecond}\n`,
    );
    print(results);
  }
  if (!results.every((result) => !result.cell.judged || reaches(result))) process.exitCode = 1;
}

function chosenCells(): readonly Cell[] {
  const patterns = options.cell;
  if (patterns !== undefined) return allCells().filter((cell) => patterns.some((pattern) => matches(cell, pattern)));
  return options.short ? shortCells() : allCells();
}

async function runCell(cell: Cell, place: string): Promise<readonly Death[]> {
  const deaths: Death[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`${place} ${cellKey(cell)}, run ${run} of ${runs}`);
    const death = await runToDeath(cell, { megabytesPerSecond, keep: options.keep });
    deaths.push(death);
    if (cell.judged && !death.ok) console.error(`\n${cellKey(cell)}, run ${run}:\n${death.report}\n`);
  }
  return deaths;
}

/** One line that is written over, on a terminal only. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
