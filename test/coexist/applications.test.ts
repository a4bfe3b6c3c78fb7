/**
 * The quick ones of the applications from npm, one way in each. `node test/coexist/applications.ts` runs all of them in
 * every way, and measures their start.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import type { Preload } from '../helpers/run-node.ts';
import { bundleWithEsbuild } from './applications-bundles.ts';
import { applicationIn, compareService, compareTool } from './applications-compare.ts';
import { quickServices } from './applications-services.ts';
import { builders, loaders, runners } from './applications-tools.ts';

/** One at a time in a folder: two runs of a tool write the same files. */
const CONCURRENCY = 2;

const spare = mkdtempSync(join(tmpdir(), 'plimsoll-applications-'));
after(() => rmSync(spare, { recursive: true, force: true }));

const SERVICES: Readonly<Record<string, Preload>> = {
  'express, CommonJS': 'require',
  'express, module': 'import',
  'fastify, module': 'node-options',
};

const TOOLS: Readonly<Record<string, Preload>> = {
  'ts-node, an error': 'node-options',
  'tsx, with its child': 'node-options',
  'tsx, --import, an error': 'import',
  'types stripped by Node.js': 'require',
  webpack: 'node-options',
  'eslint, problems': 'node-options',
  'Jest, worker processes': 'node-options',
  'Vitest, processes': 'node-options',
};

describe('a service answers and ends with Plimsoll as without', { concurrency: CONCURRENCY }, () => {
  for (const service of quickServices) {
    const preload = SERVICES[service.name];
    if (preload === undefined) continue;
    const { folder, skip } = applicationIn(service.app);
    test(`${service.name} (${preload})`, { skip }, async () => {
      const { differences, report } = await compareService(service, folder, preload);
      assert.deepEqual(differences, [], report);
    });
  }
});

test(
  'an application in one file, the façade inside, serves with Plimsoll as without',
  {
    skip: applicationIn('web').skip,
  },
  async (context) => {
    for (const bundle of await bundleWithEsbuild(spare)) {
      await context.test(bundle.name, async () => {
        const { differences, report } = await compareService(bundle, spare, 'node-options');
        assert.deepEqual(differences, [], report);
      });
    }
  },
);

describe(
  'a tool says, writes and ends with Plimsoll as without, and nothing is left of us',
  { concurrency: CONCURRENCY },
  () => {
    for (const tool of [...loaders, ...builders, ...runners]) {
      const preload = TOOLS[tool.name];
      if (preload === undefined) continue;
      const { folder, skip } = applicationIn(tool.app);
      test(`${tool.name} (${preload})`, { skip }, async () => {
        const { differences, report } = await compareTool(tool, folder, preload, mkdtempSync(join(spare, 'dir-')));
        assert.deepEqual(differences, [], report);
      });
    }
  },
);
