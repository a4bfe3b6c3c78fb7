/**
 * An application bundled into one file, with the façade inside the bundle and the agent outside of it: real bundles of esbuild,
 * run where no package is installed.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { build } from 'esbuild';

import { AGENT, runNode } from '../helpers/run-node.ts';

const FACADE = resolve(import.meta.dirname, '../../dist/index.cjs');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundled-'));
const withAgent = join(folder, 'with-agent');
after(() => rmSync(folder, { recursive: true, force: true }));

/** Says whether an agent came to work within two seconds; `start` as its argument: after it was called. */
const PROGRAM = `
import { monitor, start } from 'plimsoll';
import { isMainThread, Worker } from 'node:worker_threads';

const [way] = process.argv.slice(2);
if (way === 'start') start();
if (way === 'worker' && isMainThread) new Worker(process.argv[1], { argv: ['worker'] });
else if (way === 'worker') start();
let looks = way === 'worker' && isMainThread ? 1e9 : 0;
const timer = setInterval(() => {
  if (!monitor.status().available && ++looks < (way === 'start' ? 80 : 24)) return;
  clearInterval(timer);
  if (way !== 'worker' || !isMainThread) console.log(monitor.status().available, monitor.isUnderPressure());
}, 25);
`;

before(async () => {
  const bundle = {
    stdin: { contents: PROGRAM, resolveDir: folder },
    bundle: true,
    platform: 'node',
    alias: { plimsoll: FACADE },
  } as const;
  for (const place of [folder, withAgent]) {
    await build({ ...bundle, format: 'cjs', outfile: join(place, 'app.cjs') });
    await build({ ...bundle, format: 'esm', outfile: join(place, 'app.mjs') });
  }
  writeFileSync(join(folder, 'package.json'), '{ "name": "bundled" }');
  copyFileSync(AGENT, join(withAgent, 'register.cjs'));
});

describe('a bundle that holds the façade', { concurrency: 2 }, () => {
  for (const app of ['app.cjs', 'app.mjs']) {
    test(`${app} finds the agent that was preloaded`, async () => {
      const result = await runNode({ preload: 'node-options', args: [join(folder, app)] });
      assert.equal(result.stdout, 'true false\n', result.report);
      assert.equal(result.stderr, '', result.report);
    });

    test(`${app} answers as at normal without an agent`, async () => {
      const result = await runNode({ preload: 'none', args: [join(folder, app)] });
      assert.equal(result.stdout, 'false false\n', result.report);
      assert.equal(result.stderr, '', result.report);
    });

    test(`${app} starts the agent that lies beside it`, async () => {
      const result = await runNode({ preload: 'none', args: [join(withAgent, app), 'start'] });
      assert.equal(result.stdout, 'true false\n', result.report);
      assert.equal(result.stderr, '', result.report);
    });

    test(`${app} says in one line that start() found no agent, and goes on`, async () => {
      const result = await runNode({ preload: 'none', args: [join(folder, app), 'start'] });
      assert.equal(result.stdout, 'false false\n', result.report);
      assert.match(result.stderr, /^\[plimsoll\] PLM_AGENT_MISSING: start\(\) found no agent[^\n]+\n$/, result.report);
    });
  }

  test('start() in a worker thread starts nothing there', async () => {
    const result = await runNode({ preload: 'none', args: [join(withAgent, 'app.cjs'), 'worker'] });
    assert.equal(result.stdout, 'false false\n', result.report);
    assert.equal(result.stderr, '', result.report);
  });
});
