/**
 * `npm run bench:evidence [-- --short] [--way PATTERN]... [--finder NAME]... [--times N] [--cgroup 1|2] [--keep DIR]`: 200 real deaths in real
 * containers, cgroup v1 and v2, and what a parent, a sidecar and a successor say of each, beside what really happened; and what a sidecar says of a blocked event loop (B9).
 * `--way kernel --finder sidecar --times 5` for a closer look at some; `--keep` keeps recordings and cases.json.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { whyNoContainers } from './container.ts';
import { isRight, needsNoReport } from './judge.ts';
import { dieInMachine } from './machine.ts';
import { type Planned, planFor } from './plan.ts';
import { print } from './report.ts';
import { runPlan } from './run-plan.ts';
import { type Case, FINDERS } from './scene.ts';
import { WAYS } from './ways.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    way: { type: 'string', multiple: true },
    finder: { type: 'string', multiple: true },
    times: { type: 'string', default: '1' },
    cgroup: { type: 'string' },
    keep: { type: 'string' },
  },
});
const BLOCKED = fileURLToPath(new URL('blocked.ts', import.meta.url));
const cases: Case[] = [];
const faults: string[] = [];

process.once('SIGINT', () => process.exit(130)); // the groups are taken away at exit
const why = whyNoContainers();
if (why === undefined) await main();
else console.log(`skipped, the containers must be real: ${why}`);

async function main(): Promise<void> {
  if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
  const chosen = chosenPlan();
  const planned = chosen ?? (options.cgroup === '2' ? [] : planFor(1, options.short));
  const inV2 = chosen === undefined && options.cgroup !== '1';
  const total = planned.length + (inV2 ? planFor(2, options.short).length : 0);
  const onCase = (one: Case): void => {
    cases.push(one);
    progress(`${cases.length} of ${total}: ${one.way}, ${one.finder}`);
    if (!isRight(one) && !(one.found === undefined && needsNoReport(one))) tellWrong(one);
  };
  const onFault = (what: string): void => void faults.push(what);
  const [noMachine] = await Promise.all([
    inV2 ? dieInMachine({ isShort: options.short, onCase, onFault }) : undefined,
    runPlan({
      planned,
      atATime: 4,
      keep: options.keep,
      onCase,
      onFault: ({ way, finder }, error) => onFault(`${way}, ${finder}: ${String(error)}`),
    }),
  ]);
  progress('');
  if (options.keep !== undefined) writeFileSync(join(options.keep, 'cases.json'), JSON.stringify(cases, undefined, 1));
  const isKept = print(cases);
  if (noMachine !== undefined) console.log(`\nno cgroup v2: ${noMachine}`);
  for (const fault of faults) console.log(`\nfault of the bench: ${fault}`);
  if (!isKept || faults.length > 0 || (chosen === undefined && !seesBlocked())) process.exitCode = 1;
}

/** B9: no death yet, and told all the same. */
function seesBlocked(): boolean {
  const args = [...process.execArgv, BLOCKED, ...(options.short ? ['--short'] : [])];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

function chosenPlan(): readonly Planned[] | undefined {
  const { way: patterns, finder: finders } = options;
  if (patterns === undefined && finders === undefined) return undefined;
  const ways = WAYS.filter(({ name }) => patterns?.some((pattern) => name.includes(pattern)) ?? true);
  const chosen = FINDERS.filter((finder) => finders?.includes(finder) ?? true);
  return ways.flatMap(({ name }) =>
    chosen.flatMap((finder) => Array.from({ length: Number(options.times) }, () => ({ way: name, finder }))),
  );
}

function tellWrong({ way, finder, version, truth, found, lastAgeMs, report }: Case): void {
  const said = found === undefined ? 'nothing' : `${found.cause}, ${found.evidence} ${found.confidence}`;
  console.error(`\nv${version} ${way}, ${finder}: was ${truth.cause} by ${truth.how}; said ${said} (age ${lastAgeMs})`);
  for (const reason of found?.because ?? []) console.error(`    ${reason}`);
  if (found === undefined) console.error(report);
}

/** One line that is written over, on a terminal only. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
