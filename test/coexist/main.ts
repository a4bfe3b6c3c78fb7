/**
 * `npm run test:coexist [-- --short | --vendors]`: what an application tells through its own OpenTelemetry SDK, with Plimsoll and without.
 * One line for each way in which the two meet; exit code 1 when anything of theirs differs, or ours is missing.
 */
import { allCells, shortCells } from './cells.ts';
import { judge } from './judge.ts';
import { details, headLine, judgementLine } from './table.ts';
import { testVendors } from './vendors-main.ts';

/** Two runs each; most of a run is waiting for the next export. */
const AT_ONCE = 3;

async function testSdks(isShort: boolean): Promise<boolean> {
  const todo = isShort ? shortCells() : allCells();
  let found = '';
  process.stdout.write(`${headLine()}\n`);
  async function worker(): Promise<void> {
    for (let cell = todo.shift(); cell !== undefined; cell = todo.shift()) {
      const judgement = await judge(cell);
      process.stdout.write(`${judgementLine(judgement)}\n`);
      found += details(judgement);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.stdout.write(found);
  return found === '';
}

const isShort = process.argv.includes('--short');
const isGood = await (process.argv.includes('--vendors') ? testVendors(isShort) : testSdks(isShort));
process.exitCode = isGood ? 0 : 1;
