/** The recipes of CONTRIBUTING.md are programs: the example there is this fixture, and it keeps the contract. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { sourceContract } from '../contracts/source.ts';
import { createExampleSource } from '../fixtures/example-source.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('the example source in CONTRIBUTING.md is the one that is tested', () => {
  const example = readFileSync(join(ROOT, 'test/fixtures/example-source.ts'), 'utf8');
  assert.ok(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').includes(`\`\`\`ts\n${example}\`\`\``));
});

sourceContract({
  module: 'test/fixtures/example-source.ts',
  factory: 'createExampleSource',
  create: createExampleSource,
  mayBeAbsent: ['budgetLimitOptionBytes'],
  garbageBytes: 50,
});
