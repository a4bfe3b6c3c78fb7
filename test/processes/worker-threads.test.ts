/** Worker threads under the preload: seen from the application's first turn on, and never harmed by being looked at. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { ensureNode } from '../../scripts/nodes.ts';
import { runNode, type RunOptions, type RunResult } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/worker-threads', import.meta.url));
const ENV = { PLIMSOLL_EXPORTER: 'none' };
/** Without it nobody can be asked. */
const skip = 'getHeapStatistics' in Worker.prototype ? false : 'worker.getHeapStatistics() came with Node.js 22.16';

async function run(app: string, options: Partial<RunOptions> = {}, ...own: readonly string[]): Promise<RunResult> {
  const { args = [], ...others } = options;
  const result = await runNode({ env: ENV, ...others, args: [...args, join(APPS, app), ...own] });
  assert.equal(result.code, 0, result.report);
  return result;
}

const json = (line: string | undefined): unknown => JSON.parse(line ?? 'null');

describe('worker threads', { concurrency: 3 }, () => {
  test(
    'of a pool made in the first turn the fullest is a constraint, with the limit it was given, until it ends',
    { skip },
    async () => {
      const result = await run('pool.cjs');
      const [pool, gone] = result.stdout.split('\n');
      assert.deepEqual(json(pool), { hasAgent: false, limitMebibytes: 40, weight: 'fully' }, result.report);
      assert.equal(gone, 'gone', result.report);
      assert.equal(result.stderr, '', result.report);
    },
  );

  for (const version of ['22', '24', '26']) {
    test(`one that dies of its own limit was critical before, Node.js ${version}`, async (t) => {
      const node = nodeOf(version);
      if (node === undefined) return t.skip(`Node.js ${version} cannot be had`);
      const result = await run('grows.cjs', { node });
      const told = { error: 'ERR_WORKER_OUT_OF_MEMORY', level: 3, binding: 'worker' };
      assert.deepEqual(json(result.stdout), told, result.report);
      assert.match(result.stderr, /pressure critical .*worker at/, result.report);
    });
  }

  test('a heap flag of the process is their limit, whatever they were given', { skip }, async () => {
    const flagged = await run('limit.cjs', { args: ['--max-old-space-size=120'] });
    assert.deepEqual(json(flagged.stdout), { limitMebibytes: 120, degraded: [] }, flagged.report);
    const plain = await run('limit.cjs');
    assert.deepEqual(json(plain.stdout), { limitMebibytes: 64, degraded: [] }, plain.report);
  });

  test('Node.js 22.15, which cannot ask them, says what it lacks', async (t) => {
    const node = nodeOf('22.15.0');
    if (node === undefined) return t.skip('Node.js 22.15.0 cannot be had');
    const result = await run('limit.cjs', { node });
    assert.deepEqual(json(result.stdout), { limitMebibytes: null, degraded: ['worker-threads_unsupported'] });
  });

  test('a hundred made and ended leave nothing behind and reject nothing', async () => {
    const result = await run('many.cjs', { args: ['--no-warnings'], timeoutMs: 60_000 }); // queryObjects is experimental
    assert.deepEqual(json(result.stdout), { workers: 0, listeners: 1 }, result.report);
    assert.equal(result.stderr, '', result.report);
  });

  for (const way of ['unref', 'terminate', 'exit']) {
    test(`while they are asked the process ends by ${way} as it does without an agent`, async () => {
      const result = await run('ends.cjs', {}, way);
      assert.equal(result.stdout, 'last turn\n', result.report);
      assert.equal(result.stderr, '', result.report);
      assert.ok(result.durationMs < 8000, result.report);
    });
  }

  test('stop() takes the listener away and asks no more', { skip }, async () => {
    const result = await run('stop.cjs');
    assert.deepEqual(json(result.stdout), { listeners: 0, asked: 0 }, result.report);
  });
});

function nodeOf(version: string): string | undefined {
  try {
    return ensureNode(version);
  } catch {
    return undefined;
  }
}
