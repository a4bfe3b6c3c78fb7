/** The recipes of CONTRIBUTING.md are programs: the example there is this fixture, and it keeps the contract. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { actionContract } from '../contracts/action.ts';
import { cacheContract } from '../contracts/cache.ts';
import { exporterContract } from '../contracts/exporter.ts';
import { sourceContract } from '../contracts/source.ts';
import { createExampleAction } from '../fixtures/example-action.ts';
import { exampleAdapter } from '../fixtures/example-cache.ts';
import { createExampleExporter } from '../fixtures/example-exporter.ts';
import { createExampleSource } from '../fixtures/example-source.ts';

const ROOT = resolve(import.meta.dirname, '../..');

for (const fixture of ['example-source.ts', 'example-exporter.ts', 'example-action.ts', 'example-cache.ts']) {
  test(`${fixture} is the one that stands in CONTRIBUTING.md`, () => {
    const example = readFileSync(join(ROOT, 'test/fixtures', fixture), 'utf8');
    assert.ok(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').includes(`\`\`\`ts\n${example}\`\`\``));
  });
}

exporterContract({ create: createExampleExporter, adverse: {}, friendly: {} });

sourceContract({
  module: 'test/fixtures/example-source.ts',
  factory: 'createExampleSource',
  create: createExampleSource,
  mayBeAbsent: ['budgetLimitOptionBytes'],
  garbageBytes: 50,
});

actionContract({
  create() {
    const waiting = ['GET / 200'];
    return { action: createExampleAction(waiting), state: () => waiting };
  },
  createIdle() {
    const waiting: string[] = [];
    return { action: createExampleAction(waiting), state: () => waiting };
  },
});

cacheContract({
  name: 'tiny-cache',
  library: 'tiny-cache',
  adapters: [exampleAdapter],
  create() {
    const items = new Map<string, unknown>();
    const stats = { hits: 0, misses: 0 };
    return {
      cache: { items, stats, capacity: 1000, remove: (key: string) => items.delete(key) },
      set: (key, value) => items.set(key, value),
      get(key) {
        stats[items.has(key) ? 'hits' : 'misses']++;
        return items.get(key);
      },
      keys: () => [...items.keys()],
    };
  },
  order: ['key-0', 'key-1', 'key-2', 'key-3'],
  limitEntries: 1000,
  isCounted: true,
});
