/**
 * Applications and tools from npm with and without Plimsoll, in every way of getting in: what they say, write, answer and how they
 * end must be the same; then how much later their first line comes. Ends with 1 when something differs.
 *
 *     node scripts/install-apps.ts web next nest verdaccio tools loaders runners
 *     node test/coexist/applications.ts [--short] [--runs 15]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { bundleWithEsbuild, bundleWithWebpack, makeExecutable } from './applications-bundles.ts';
import {
  applicationIn,
  compareService,
  compareTool,
  type Comparison,
  type Service,
  type Tool,
} from './applications-compare.ts';
import { otherServices, quickServices } from './applications-services.ts';
import { BUDGET_MS, measureStart } from './applications-start.ts';
import { builders, loaders, nextBuild, runners } from './applications-tools.ts';

const { values: options } = parseArgs({
  options: { short: { type: 'boolean', default: false }, runs: { type: 'string' } },
});
const RUNS = Number(options.runs ?? (options.short ? 3 : 15));
/** What a person starts, and a container. */
const MEASURED =
  /^(express, CommonJS|fastify, module|NestJS, compiled|Next\.js, next start|Verdaccio|webpack|eslint, problems|tsx, --import)$/;

const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-applications-'));
let differing = 0;

function row(...columns: readonly string[]): void {
  const widths = [30, 14, 12, 12];
  process.stdout.write(
    `${columns
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join(' ')
      .trimEnd()}\n`,
  );
}

/** One way in for all in the short form. */
async function compare<P extends Service | Tool>(
  program: P,
  compareBy: (program: P, folder: string, preload: P['preloads'][number]) => Promise<Comparison>,
  folder?: string,
): Promise<void> {
  const { folder: installed, skip } = applicationIn(program.app);
  if (skip !== false) return row(program.name, 'skipped', skip);
  for (const preload of options.short ? program.preloads.slice(-1) : program.preloads) {
    const { differences, report } = await compareBy(program, folder ?? installed, preload);
    row(program.name, preload, differences.length === 0 ? 'the same' : 'DIFFERS');
    if (differences.length === 0) continue;
    differing++;
    process.stdout.write(`${differences.join('\n')}\n\n${report}\n\n`);
  }
}

const toolByTool = (tool: Tool, folder: string, preload: Tool['preloads'][number]): Promise<Comparison> =>
  compareTool(tool, folder, preload, mkdtempSync(join(scratch, 'left-')));

/** What the services of these folders are made from; the builds of the tests are for services, and are no part of them. */
async function prepare(): Promise<void> {
  const nest = applicationIn('nest');
  if (nest.skip === false) npmBin(nest.folder, ['nest', 'build']);
  const next = applicationIn('next');
  if (next.skip !== false) return;
  if (!options.short) await compare(nextBuild, toolByTool);
  else if (!existsSync(join(next.folder, '.next/BUILD_ID'))) npmBin(next.folder, ['next', 'build']);
}

function npmBin(cwd: string, [name, ...args]: readonly string[]): void {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  execFileSync(process.execPath, [`node_modules/.bin/${name}`, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function compareBundles(): Promise<void> {
  const installed = (name: string): boolean => applicationIn(name).skip === false;
  if (!installed('web')) return;
  const bundles = [...(await bundleWithEsbuild(scratch)), ...(installed('tools') ? bundleWithWebpack(scratch) : [])];
  if (!options.short) bundles.push(...makeExecutable(scratch));
  for (const bundle of bundles) await compare(bundle, compareService, scratch);
}

async function measure(): Promise<void> {
  row('\nuntil the first line', 'without, ms', 'with, ms', 'later, ms', `budget B3: ${BUDGET_MS}`);
  for (const program of [...quickServices, ...otherServices, ...loaders, ...builders]) {
    const { folder, skip } = applicationIn(program.app);
    if (skip !== false || !MEASURED.test(program.name)) continue;
    const { name, withoutMs, withMs, laterMs } = await measureStart(program, folder, RUNS);
    const figures = [withoutMs, withMs, laterMs].map((ms) => ms.toFixed(1));
    row(name, ...figures, laterMs <= BUDGET_MS ? 'within' : 'over');
  }
}

try {
  row('application', 'preloaded by', 'with Plimsoll and without');
  await prepare();
  for (const service of [...quickServices, ...otherServices]) await compare(service, compareService);
  await compareBundles();
  // npm test has the loaders
  for (const tool of [...(options.short ? [] : loaders), ...builders, ...runners]) await compare(tool, toolByTool);
  await measure();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`\n${differing === 0 ? 'nothing differs' : `${differing} differ`}\n`);
process.exitCode = differing === 0 ? 0 : 1;
