/**
 * `npm run bench:calm [-- --short] [--seconds N] [--scenario PATTERN] [--keep DIR] [--json]`: healthy programs under real limits,
 * several at once, and whether the agent stayed calm (budget B11). Judged by what it recorded.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CONSTRAINTS } from '../../../agent/model/constraint.ts';
import { LEVELS, TRANSITIONS } from '../../../agent/model/level.ts';
import type { Row } from '../../../agent/model/row.ts';
import { ensureNode } from '../../../scripts/nodes.ts';
import { createMemoryGroup, type MemoryGroup, whyNoMemoryGroups } from '../../helpers/memory-group.ts';
import { startNode } from '../../helpers/run-node.ts';
import { printTable } from '../overhead/report.ts';
import { startNeighbour } from './neighbour.ts';
import { readRecording, value } from './recording.ts';
import { allScenarios, type Scenario, shortScenarios } from './scenarios.ts';

/** A service whose collector waits for a processor is not healthy. */
const AT_ONCE = Math.max(2, availableParallelism() - 1);

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    scenario: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds ?? (options.short ? 12 : 18));

interface Life {
  readonly scenario: string;
  readonly node: string;
  readonly samples: number;
  /** Of those, the ones whose level is the offline oracle's. */
  readonly agreed: number;
  readonly highestPressureRatio: number;
  readonly highestLevel: number;
  readonly transitions: number;
  readonly criticals: number;
  /** Undefined: calm. */
  readonly problem: string | undefined;
}

process.once('SIGINT', () => process.exit(130)); // the groups are taken away at exit
const why = whyNoMemoryGroups();
if (why === undefined) await main();
else console.log(`skipped, the limits must be real: ${why}`);

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-calm-'));
  const known = options.short ? shortScenarios(folder) : allScenarios(folder);
  const wanted = known.filter(({ name }) => name.includes(options.scenario ?? ''));
  const possible = wanted.filter(({ impossible }) => impossible === undefined);
  const lives: Life[] = [];
  try {
    for (let start = 0; start < possible.length; start += AT_ONCE) {
      const batch = possible.slice(start, start + AT_ONCE);
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${start + batch.length}/${possible.length}`);
      lives.push(
        ...(await Promise.all(batch.map((scenario, index) => live(scenario, join(folder, `${start + index}`))))),
      );
    }
  } finally {
    if (options.keep !== undefined)
      cpSync(folder, options.keep, { recursive: true, filter: (path) => !basename(path).startsWith('pages') });
    rmSync(folder, { recursive: true, force: true });
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (options.json) console.log(JSON.stringify({ seconds, lives }, undefined, 2));
  else print(lives);
  for (const { name, impossible } of wanted)
    if (impossible !== undefined) console.log(`skipped: ${name}: ${impossible}`);
  if (lives.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

async function live(scenario: Scenario, directory: string): Promise<Life> {
  mkdirSync(directory);
  const group = createMemoryGroup(scenario.containerMebibytes * 2 ** 20);
  const neighbour = await startNeighbour(scenario.neighbour, group);
  try {
    const early = await runFor(scenario, group, directory);
    return lifeOf(scenario, directory, early);
  } finally {
    neighbour.end();
    group.remove();
  }
}

/** The report of a program that ended by itself; healthy ones are killed when their time is over. */
async function runFor(scenario: Scenario, group: MemoryGroup, directory: string): Promise<string | undefined> {
  const running = startNode({
    node: ensureNode(scenario.node),
    args: [
      ...scenario.nodeArgs,
      fileURLToPath(new URL(`programs/${scenario.program}`, import.meta.url)),
      ...scenario.args,
    ],
    env: { PLIMSOLL_DIR: directory, PLIMSOLL_EXPORTER: 'none' },
    shellBefore: group.enter,
    timeoutMs: seconds * 1_000,
  });
  running.child.stdin.end();
  const result = await running.ended;
  return result.timedOut ? undefined : result.report;
}

function lifeOf({ name, node, highestLevel }: Scenario, directory: string, early: string | undefined): Life {
  const recording = readRecording(directory);
  const { rows, agreed } = typeof recording === 'string' ? { rows: [], agreed: 0 } : recording;
  const life = {
    scenario: name,
    node,
    samples: rows.length,
    agreed,
    highestPressureRatio: Math.max(...rows.map((row) => value(row, 'pressureRatio'))),
    highestLevel: Math.max(...rows.map((row) => value(row, 'level'))),
    transitions: transitionsTo(rows.at(-1), [0, 1, 2, 3]),
    criticals: transitionsTo(rows.at(-1), [3]),
  };
  let problem: string | undefined;
  if (early !== undefined) problem = `it ended by itself\n${early}`;
  else if (typeof recording === 'string') problem = recording;
  else if (rows.length < seconds / 2) problem = `only ${rows.length} samples were recorded`;
  else if (life.highestLevel > highestLevel || (highestLevel === 0 && life.transitions > 0)) problem = storyOf(rows);
  return { ...life, problem };
}

function transitionsTo(row: Row | undefined, levels: readonly number[]): number {
  if (row === undefined) return Number.NaN;
  return TRANSITIONS.filter(([, to]) => levels.includes(to))
    .map(([from, to]) => value(row, `transition_${LEVELS[from]}_${LEVELS[to]}`))
    .reduce((sum, count) => sum + count, 0);
}

/** The samples at which the level changed. */
function storyOf(rows: readonly Row[]): string {
  const changes = rows.filter(
    (row, index) => index > 0 && value(row, 'level') !== value(rows[index - 1] ?? row, 'level'),
  );
  const began = value(rows[0] ?? new Float64Array(), 'monotonicMs');
  return changes
    .map((row) => {
      const binding = CONSTRAINTS[value(row, 'bindingConstraint')] ?? 'none';
      const at = ((value(row, 'monotonicMs') - began) / 1_000).toFixed(1);
      return `${at} s: ${LEVELS[value(row, 'level')]}, ${binding} at ${value(row, 'pressureRatio').toFixed(2)}`;
    })
    .join('\n');
}

function print(lives: readonly Life[]): void {
  console.log(`healthy programs, ${seconds} s each, ${AT_ONCE} at once\n`);
  printTable(
    ['scenario', 'Node', '', 'samples', 'highest pressure', 'transitions', 'criticals'],
    lives.map((life) => [
      life.scenario,
      life.node,
      life.problem === undefined ? 'calm' : 'NOT CALM',
      String(life.samples),
      life.highestPressureRatio.toFixed(2),
      String(life.transitions),
      String(life.criticals),
    ]),
    3,
  );
  const sum = (of: (life: Life) => number): number => lives.reduce((all, life) => all + of(life), 0);
  const agreed = `${sum((life) => life.agreed)} of ${sum((life) => life.samples)}`;
  console.log(`\n${agreed} recorded samples have the level that the offline oracle gives`);
  for (const { scenario, node, problem } of lives) {
    if (problem !== undefined) console.log(`\n${scenario}, Node ${node}:\n${problem}`);
  }
}
