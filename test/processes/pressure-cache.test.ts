/** plimsoll/cache as built, in real processes: alone, under a real agent, on a full disk, and several on one folder. */
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { runNode } from '../helpers/run-node.ts';
import { mountTmpfs, whyNoTmpfs } from '../helpers/tmpfs.ts';

const PACKAGE = resolve(import.meta.dirname, '../../dist/cache.cjs');
const APPS = resolve(import.meta.dirname, '../fixtures/apps/api');
const app = appIn('pressure-cache');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-pressure-cache-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('plimsoll/cache', { concurrency: 2 }, () => {
  test('without an agent it is a cache, says nothing, and lets the process end', async () => {
    const result = await runNode({ preload: 'none', args: [join(APPS, 'cache-idle.mjs')], timeoutMs: 10_000 });
    assert.equal(result.stdout, '999 1000 normal\n', result.report);
    assert.equal(result.stderr, '', result.report);
    assert.equal(result.code, 0, result.report);
  });

  test('with an agent it lets the process end too', async () => {
    const result = await runNode({ args: [join(APPS, 'cache-idle.mjs')], timeoutMs: 10_000 });
    assert.equal(result.stdout, '999 1000 normal\n', result.report);
    assert.equal(result.code, 0, result.report);
  });

  test('it gives way level by level, the reclaimer verifies what went, and the agent shows it', async () => {
    const result = await runNode({
      args: [join(APPS, 'cache-grows.mjs')],
      env: {
        PLIMSOLL_PROCESS_BUDGET: '300MiB',
        // what it is made of is not found beside it
        PLIMSOLL_RECLAIM: 'auto',
        PLIMSOLL_EXPORTER: 'none',
        PLIMSOLL_SAMPLE_INTERVAL: '100ms',
        OTEL_LOG_LEVEL: 'info',
      },
    });
    assert.equal(result.code, 0, result.report);
    assert.match(result.stdout, /^elevated 300$/m, result.report);
    assert.match(result.stdout, /^high 200$/m, result.report);
    assert.match(result.stdout, /^critical 50$/m, result.report);
    assert.match(result.stdout, /^seen plimsoll never true 1$/m, result.report);
    assert.match(result.stdout, /^left 50 evicted 350$/m, result.report);
    assert.match(result.stderr, /reclaim done: grows gave [\d.]+ MiB; a collection of \d+ ms freed/, result.report);
    assert.doesNotMatch(result.stderr, /PLM_(HANDLER|CACHE|ACTION|RECLAIMER)/, result.report);
  });
});

describe('its disk tier', { concurrency: 2, skip: app.skip }, () => {
  test('five processes share a folder: nobody reads what was not written, and the quota holds for all', async () => {
    const path = mkdtempSync(join(folder, 'shared-'));
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((seed) =>
        runNode({ preload: 'none', args: [join(app.folder, 'shares.mjs'), PACKAGE, path, String(seed)] }),
      ),
    );
    for (const result of results) {
      assert.equal(result.code, 0, result.report);
      const { wrong } = JSON.parse(result.stdout) as { wrong: string[] };
      assert.deepEqual(wrong, [], result.report);
    }
    const contents = globSync('**/content-*/**', { cwd: path, withFileTypes: true }).filter((file) => file.isFile());
    const bytes = contents.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
    assert.ok(bytes <= 1.5 * 40_000, `${bytes}: each may write a tenth before it looks again`);
  });

  test(
    'a full disk: told once, nothing wrong is read, and it is used again when there is room',
    { skip: whyNoTmpfs() },
    async (context) => {
      const disk = mountTmpfs('3m');
      context.after(disk.unmount);
      const ballast = join(disk.folder, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_500_000));
      const result = await runNode({
        preload: 'none',
        args: [join(app.folder, 'fills-disk.mjs'), PACKAGE, join(disk.folder, 'cache'), ballast],
      });
      assert.equal(result.code, 0, result.report);
      const { found, ...rest } = JSON.parse(result.stdout) as { found: number };
      assert.deepEqual(rest, { wrong: [], failed: true, skipped: true, after: 200_000 }, result.report);
      assert.ok(found >= 6, result.report);
      assert.equal(result.stderr.match(/PLM_CACHE_DISK_FAILED/g)?.length, 1, result.report);
    },
  );
});
