/** Paper and code are equal, in both directions. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { CONFIG_FILE_ENV, OPTIONS } from '../../agent/config/options.ts';
import { PROBLEMS } from '../../agent/model/problem.ts';
import { OLDEST_NODE, VERSION } from '../../agent/model/version.ts';
import { errorsTable, optionsTable } from '../../scripts/docs-tables.ts';
import { notices } from '../../scripts/notices.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function manifest(): { version: string; engines: { node: string } } {
  return JSON.parse(read('package.json')) as { version: string; engines: { node: string } };
}

test('the version in the code is the version of the package', () => {
  assert.equal(VERSION, manifest().version);
  assert.match(read('CHANGELOG.md'), new RegExp(`^## (\\[?Unreleased\\]?|${VERSION.replaceAll('.', '\\.')})`, 'm'));
});

test('the oldest Node.js in the code is the engine of the package', () => {
  assert.equal(manifest().engines.node, `>=${OLDEST_NODE.join('.')}`);
});

test('the README lists every option as the table has it, and no other', () => {
  assert.ok(read('README.md').includes(optionsTable()), 'the options table of README.md is stale: npm run docs');
  const named = new Set(read('README.md').match(/\bPLIMSOLL_[A-Z_]+\b/g));
  const known = new Set<string>([...Object.values(OPTIONS).map(({ env }) => env), CONFIG_FILE_ENV]);
  assert.deepEqual(
    [...named].filter((name) => !known.has(name)),
    [],
  );
});

test('docs/errors.md lists every code as the table has it, and no other', () => {
  const page = read('docs/errors.md');
  assert.ok(page.includes(errorsTable()), 'docs/errors.md is stale: npm run docs');
  const named = new Set(page.match(/\bPLM_[A-Z_]+\b/g));
  assert.deepEqual(
    [...named].filter((name) => !(name in PROBLEMS)),
    [],
  );
});

test('the lock file names no address, and every package of it may run its install script or has none', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; hasInstallScript?: boolean }>;
  };
  const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
  const packages = Object.entries(lock.packages);
  assert.deepEqual(
    packages.filter(([, { resolved }]) => resolved?.startsWith('http')).map(([path]) => path),
    [],
  );
  const scripted = packages.filter(([, entry]) => entry.hasInstallScript === true);
  const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
  assert.deepEqual(
    names.filter((name) => !(name in allowScripts)),
    [],
  );
});

test('the notices name every package that is bundled, and its licence', () => {
  assert.ok(
    read('THIRD_PARTY_NOTICES.md') === notices(),
    'THIRD_PARTY_NOTICES.md is stale: npm run build && npm run docs',
  );
});

test('every code of the table is said somewhere', () => {
  const sources = ['agent', 'exporters', 'instrumentation', 'scripts'];
  const text = sources.map((folder) => readFolder(folder)).join('\n');
  assert.deepEqual(
    Object.keys(PROBLEMS).filter((code) => !new RegExp(`'${code}'|${code}: [a-z]`).test(text)),
    [],
  );
});

function readFolder(folder: string): string {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT }).map(read).join('\n');
}
