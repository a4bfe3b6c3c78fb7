/** Memory of real processes given back: measured, returned where it can be, without holding up the loop, whatever the reclaimers are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { ReclaimOutcome } from '../../agent/model/reclaim.ts';
import { ensureNode } from '../../scripts/nodes.ts';
import { runNode, type RunOptions, type RunResult } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/reclaim', import.meta.url));
const MIB = 2 ** 20;
/** B13. */
const KEPT = 0.1;
/** B14 is 10 ms, V8's own collections not counted, on a machine that does nothing else. Here they are, and others run: not slices at all would be hundreds. */
const LONGEST_MS = 100;

interface Given extends ReclaimOutcome {
  /** Less RSS. */
  readonly fellBytes: number;
  readonly entries: number;
  readonly left: number;
}

async function run(app: string, args: readonly string[], options: Partial<RunOptions> = {}): Promise<RunResult> {
  const env = { PLIMSOLL_EXPORTER: 'none', ...options.env };
  const result = await runNode({ ...options, env, args: [`${APPS}/${app}`, ...args] });
  assert.equal(result.code, 0, result.report);
  return result;
}

function assertKept({ promisedBytes, freedBytes }: Given, report: string): void {
  assert.ok(Math.abs(freedBytes / promisedBytes - 1) <= KEPT, report);
}

describe('reclaim', { concurrency: 2 }, () => {
  for (const version of ['22.15.0', '24', '26']) {
    test(`a Map of objects: freed as promised, and back at the kernel, Node.js ${version}`, async (t) => {
      const node = nodeOf(version);
      if (node === undefined) return t.skip(`Node.js ${version} cannot be had`);
      const result = await run('cache.mjs', ['objects'], { node });
      const given = JSON.parse(result.stdout) as Given;
      assert.equal(given.outcome, 'done', result.report);
      assertKept(given, result.report);
      assert.ok(given.left > 0.2 * given.entries, result.report);
      assert.ok(given.longestBlockMs <= LONGEST_MS, result.report);
      // a machine too slow for the dear collection says so
      if (/not worth/.test(given.detail)) return;
      assert.ok(given.fellBytes > 40 * MIB, result.report);
    });
  }

  test('a Map of Buffers: freed as promised, though the allocator keeps it for the next ones', async () => {
    const result = await run('cache.mjs', ['buffers']);
    const given = JSON.parse(result.stdout) as Given;
    assertKept(given, result.report);
    assert.ok(Math.abs(given.left / given.entries - 0.5) < 0.1, result.report);
  });

  test('half a gigabyte: the loop is given back all the time', async () => {
    const result = await run('cache.mjs', ['large']);
    const given = JSON.parse(result.stdout) as Given;
    assertKept(given, result.report);
    assert.ok(given.promisedBytes >= 450 * MIB, result.report);
    assert.ok(given.longestBlockMs <= LONGEST_MS, result.report);
  });

  test('reclaimers that lie, throw, hang, re-enter, allocate and go away: each is named, the cache gives what is needed', async () => {
    const result = await run('hostile.mjs', []);
    const told = JSON.parse(result.stdout) as {
      readonly outcome: string;
      readonly trouble: Readonly<Record<string, string>>;
      readonly left: number;
    };
    assert.equal(told.outcome, 'done', result.report);
    const named = Object.entries(told.trouble).filter(([, trouble]) => trouble !== '');
    assert.deepEqual(
      named.map(([name]) => name),
      ['lies', 'subtracts', 'throws', 'rejects', 'hangs'],
      result.report,
    );
    assert.ok(told.left < 1_300 && told.left > 1_000, result.report);
    for (const [name] of named)
      assert.match(result.stderr, new RegExp(`PLM_RECLAIMER_FAILED: ${name} `), result.report);
  });

  test('with forced collections off what was promised is told, and nothing is claimed to be freed', async () => {
    const result = await run('cache.mjs', ['buffers'], { env: { PLIMSOLL_GC: 'off' } });
    const given = JSON.parse(result.stdout) as Given;
    assert.equal(given.collections, 0, result.report);
    assert.equal(given.freedBytes, 0, result.report);
    assert.match(given.detail, /free at the next collection; garbage is left to V8/, result.report);
  });

  test('a script may end with it: the answer comes before the process ends', async () => {
    const { stdout, report } = await run('last-line.mjs', []);
    assert.equal(stdout, 'done\n', report);
  });

  test('in observe it says what it would do, and takes nothing', async () => {
    const result = await run('cache.mjs', ['buffers'], { env: { PLIMSOLL_MODE: 'observe' } });
    const given = JSON.parse(result.stdout) as Given;
    assert.equal(given.outcome, 'skipped', result.report);
    assert.equal(given.left, given.entries, result.report);
    assert.match(given.detail, /^observe: would ask values for 70\.0 MiB/, result.report);
  });
});

function nodeOf(version: string): string | undefined {
  try {
    return ensureNode(version);
  } catch {
    return undefined;
  }
}
