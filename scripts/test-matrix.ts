/**
 * `npm run test:matrix [-- VERSION...]`: the tests whose outcome may depend on the Node.js, once on each supported one. The tests
 * start their programs with the Node.js that runs them.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { OLDEST_NODE } from '../agent/model/version.ts';
import { ensureNode } from './nodes.ts';
import { runSuite } from './once-more.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VERSIONS = [`${OLDEST_NODE.join('.')}.0`, '22', '24', '26'];

/** The same on every Node.js: about files, or with a Node.js of their own. */
const ONCE_IS_ENOUGH = [
  'test/docs/**',
  'test/guards/**',
  'test/processes/cgroup-v2.test.ts', // a virtual machine
  'test/processes/demo.test.ts', // runs TypeScript with the project's own Node.js
  'test/processes/old-node.test.ts',
  'test/processes/otlp-receivers-names.test.ts', // the table, without a process of its own
  'test/processes/prometheus.test.ts', // a real Prometheus
];

/** Node.js 22.15 to 22.17 run TypeScript only when asked to; as a variable it reaches what the tests start, too. */
const RUN_TYPESCRIPT = '--experimental-strip-types --disable-warning=ExperimentalWarning';

interface Outcome {
  readonly version: string;
  readonly tests: string;
  readonly passed: string;
  readonly failed: string;
  readonly skipped: string;
  readonly seconds: string;
  readonly ok: boolean;
}

const asked = process.argv.slice(2);
const files = globSync('test/**/*.test.ts', { cwd: ROOT, exclude: ONCE_IS_ENOUGH }).toSorted();
const outcomes = (asked.length > 0 ? asked : VERSIONS).map(runOn);
console.table(outcomes);
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;

function runOn(wanted: string): Outcome {
  const node = ensureNode(wanted);
  if (process.stderr.isTTY) process.stderr.write(`Node.js ${wanted} …\n`);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const { report, ok } = runSuite({
    node,
    args: ['--test-timeout=180000', '--test-concurrency=2', ...files],
    env: /^v22\.1[567]\./.test(version) ? { ...process.env, NODE_OPTIONS: RUN_TYPESCRIPT } : process.env,
    cwd: ROOT,
    stdout: 'pipe',
  });
  const count = (what: string): string => new RegExp(`^ℹ ${what} ([\\d.]+)`, 'm').exec(report)?.[1] ?? '?';
  return {
    version,
    tests: count('tests'),
    passed: count('pass'),
    failed: count('fail'),
    skipped: count('skipped'),
    seconds: (Number(count('duration_ms')) / 1_000).toFixed(0),
    ok,
  };
}
