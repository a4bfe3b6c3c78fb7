/**
 * `npm run bench:survival [-- --short | --all] [--runs N] [--cell PATTERN]... [--guard NAME]... [--keep-going] [--json]`: programs that die in
 * their container, and the same with Plimsoll (budget B12). Beside it: a peer that refuses work, and the best `maxSize` a person can choose.
 * A pattern is words of a cell: `--cell 'lru-size objects'`, `--cell 'queue 256 100'`.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { appIn, install } from '../../../scripts/install-apps.ts';
import { whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import {
  allCells,
  type Cell,
  cellKey,
  type Guard,
  guardsOf,
  JUDGED_GUARDS,
  matches,
  shortCells,
  usualCells,
} from './cells.ts';
import { isSurvived, print, type Result } from './report.ts';
import { type Ending, runOnce } from './run.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
    cell: { type: 'string', multiple: true },
    guard: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
});
/** What a person tries as `maxSize`, from the best to the safest, as parts of the container. */
const TUNED = [0.75, 0.65, 0.55, 0.45, 0.35, 0.25];
const SHORT_GUARDS: ReadonlySet<Guard> = new Set(['none', 'twice', 'registered', 'discovered']);

process.once('SIGINT', () => process.exit(130)); // the groups are taken away at exit
const why = whyNoMemoryGroups();
if (why === undefined) await main();
else console.log(`skipped, the containers must be real: ${why}`);

async function main(): Promise<void> {
  install('survival');
  const peers = appIn('survival').folder;
  const cells = chosenCells();
  const results: Result[] = [];
  for (const [index, cell] of cells.entries()) {
    for (const guard of guardsOf(cell).filter(isChosen)) {
      const endings: Ending[] = [];
      for (let run = 0; run < Number(options.runs); run++) {
        progress(`${index + 1}/${cells.length} ${cellKey(cell)}: ${guard}`);
        const ending = await (guard === 'tuned' ? runTuned(cell, peers) : runOnce({ cell, guard, peers }));
        if (JUDGED_GUARDS.has(guard) && cell.judged && ending.how !== 'finished') console.error(`\n${ending.report}\n`);
        endings.push(ending);
      }
      results.push({ cell, guard, endings });
    }
  }
  progress('');
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  else {
    console.log(`${options.runs} runs each, load average ${loadavg()[0]?.toFixed(1)}\n`);
    print(results);
  }
  if (!results.every((result) => isSurvived(result, results))) process.exitCode = 1;
}

function chosenCells(): readonly Cell[] {
  const patterns = options.cell;
  if (patterns !== undefined) return allCells().filter((cell) => patterns.some((pattern) => matches(cell, pattern)));
  if (options.short) return shortCells();
  return options.all ? allCells() : usualCells();
}

function isChosen(guard: Guard): boolean {
  if (options.guard !== undefined) return options.guard.includes(guard);
  return !options.short || SHORT_GUARDS.has(guard);
}

/** As a person would find it: the largest with which it does not die. */
async function runTuned(cell: Cell, peers: string): Promise<Ending> {
  for (const [index, part] of TUNED.entries()) {
    const tunedBytes = Math.round(part * cell.containerMebibytes * 2 ** 20);
    const ending = await runOnce({ cell, guard: 'tuned', peers, tunedBytes });
    if (ending.how === 'finished' || index === TUNED.length - 1) return ending;
  }
  throw new Error('there is nothing to try');
}

/** One line that is written over, on a terminal only. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
