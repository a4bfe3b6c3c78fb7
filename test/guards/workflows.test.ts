/** The workflows of GitHub: what they run exists, what they use is pinned, and they may do no more than they need. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { load } from 'js-yaml';

import { OLDEST_NODE } from '../../agent/model/version.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly steps: readonly Step[];
  readonly permissions?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: { readonly os: readonly string[]; readonly node: readonly unknown[] } };
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*.{yml,yaml}', { cwd: ROOT });
const texts = files.map((file) => readFileSync(join(ROOT, file), 'utf8'));
const workflows = texts.map((text) => load(text) as Workflow);
const jobs = workflows.flatMap((workflow) => Object.values(workflow.jobs));
const steps = jobs.flatMap((job) => job.steps);

test('every action is pinned by its commit, with its version beside it', () => {
  const used = texts.flatMap((text) => text.match(/^.*\buses:.*$/gm) ?? []);
  assert.ok(used.length > 0);
  for (const line of used) assert.match(line, /uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test('a workflow may read the repository and nothing else, and leaves no token in the checkout', () => {
  for (const workflow of workflows) assert.deepEqual(workflow.permissions, { contents: 'read' });
  for (const job of jobs) assert.equal(job.permissions, undefined);
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
  assert.ok(checkouts.length > 0);
  for (const step of checkouts) assert.equal(step.with?.['persist-credentials'], false);
});

test('every job ends by itself', () => {
  for (const job of jobs) assert.ok((job['timeout-minutes'] ?? Infinity) <= 60);
});

test('no expression stands in a script, and every script it runs is there', () => {
  const scripts = steps.flatMap(({ run }) => run ?? []);
  const named = scripts.flatMap((script) => script.match(/(?:^|\s)(?:scripts|\.ci)\/[\w./-]+/g) ?? []);
  assert.ok(named.length >= 3);
  for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/);
  for (const name of named) assert.ok(existsSync(join(ROOT, name.trim())), name);
});

test('macOS on both processors and Windows run every supported Node.js', () => {
  const matrices = jobs.flatMap((job) => job.strategy?.matrix ?? []);
  const all = matrices.flatMap(({ os, node }) =>
    os.flatMap((system) => node.map((version) => `${system} ${String(version)}`)),
  );
  for (const system of [/^macos-\d+$/, /^macos-\d+-intel$/, /^windows-\d+$/]) {
    const versions = all.map((cell) => cell.split(' ')).filter(([name = '']) => system.test(name));
    const expected = [`${OLDEST_NODE.join('.')}.0`, '22', '24', '26'];
    assert.deepEqual(
      versions.map(([, version]) => version),
      expected,
      String(system),
    );
  }
});
