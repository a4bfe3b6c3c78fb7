/**
 * Applications with an OpenTelemetry SDK of their own, as processes with the real preload. The whole matrix is `npm run test:coexist`;
 * these are its most telling cells, and what is no cell.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { MEASURING, sdkCell, type Cell } from '../coexist/cells.ts';
import { toldBy } from '../coexist/compare.ts';
import { judge } from '../coexist/judge.ts';
import { startCell, type StartedCell } from '../coexist/run.ts';
import { details } from '../coexist/table.ts';

const skips = Object.fromEntries(['otel-1', 'otel-2', 'otel-3'].map((app) => [app, appIn(app).skip]));

const TELLING: readonly { readonly what: string; readonly cell: Cell }[] = [
  {
    what: 'SDK 1, required after Plimsoll',
    cell: sdkCell({ app: 'otel-1', loader: 'require', order: 'plimsoll first' }),
  },
  {
    what: 'SDK 2, disabled and registered anew',
    cell: sdkCell({ app: 'otel-2', loader: 'NODE_OPTIONS', order: 'registered anew' }),
  },
  {
    what: 'SDK 3, imported long after the start',
    cell: sdkCell({ app: 'otel-3', loader: 'import', order: 'SDK late' }),
  },
];

async function started(t: TestContext, cell: Cell): Promise<StartedCell> {
  const running = await startCell(cell, true);
  t.after(running.kill);
  return running;
}

// most of each is waiting
describe('joined to the application', { concurrency: 3 }, () => {
  for (const { what, cell } of TELLING) {
    test(`${what}: its telemetry is the same but for ours, and ours is there`, { skip: skips[cell.app] }, async () => {
      const judgement = await judge(cell);
      assert.equal(details(judgement), '');
    });
  }

  test(
    'names that instrumentations of the application report are left to them',
    { skip: skips['otel-2'] },
    async (t) => {
      const cell = sdkCell({ app: 'otel-2', loader: 'require', order: 'plimsoll first', instrumentations: MEASURING });
      const { lead, end } = await started(t, cell);
      await lead.ready();
      await lead.inPlace();
      const { metrics, twice } = toldBy((await end()).requests).ours;
      assert.deepEqual(twice, []);
      for (const name of ['process.memory.usage', 'system.memory.usage', 'v8js.memory.heap.used']) {
        assert.ok(!metrics.has(name), name);
      }
      assert.ok(metrics.has('process.memory.virtual'), 'what nobody else reports is there');
    },
  );

  test('a span that began at normal says the level at which it ended', { skip: skips['otel-3'] }, async (t) => {
    const { lead, end } = await started(t, sdkCell({ app: 'otel-3', loader: 'require', order: 'plimsoll first' }));
    await lead.ready();
    await lead.inPlace();
    for (const word of ['open', 'grow', 'close']) await lead.command(word);
    const { ours, theirs } = toldBy((await end()).requests);
    assert.ok(theirs.traces.some((line) => line.includes('| long |')));
    assert.deepEqual(ours.levels, [3]);
  });

  test('the mode off takes metrics and marks out of the application', { skip: skips['otel-2'] }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-join-'));
    try {
      const cell = sdkCell({ app: 'otel-2', loader: 'require', order: 'plimsoll first' });
      const { lead, end } = await started(t, { ...cell, env: { ...cell.env, PLIMSOLL_DIR: folder } });
      await lead.ready();
      await lead.inPlace();
      await lead.command('grow');
      await lead.command('work');
      writeFileSync(join(folder, 'control.json'), '{ "mode": "off" }');
      await lead.withoutOurs();
      const before = lead.received();
      await lead.command('work');
      const { requests } = await end();
      assert.ok(toldBy(requests.slice(0, before)).ours.metrics.size > 0);
      const { ours, theirs } = toldBy(requests.slice(before));
      assert.deepEqual([...ours.metrics], []);
      assert.ok(theirs.metrics.some((line) => line.includes('app.orders')));
      assert.ok(ours.unmarkedSpans > 0, 'the spans after');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test(
    'a process that ends well before it is 10 s old leaves nothing in its telemetry',
    { skip: skips['otel-3'] },
    async (t) => {
      const cell = sdkCell({ app: 'otel-3', loader: 'require', order: 'plimsoll first' });
      const { lead, end } = await started(t, { ...cell, isAged: false });
      await lead.ready();
      await lead.command('work');
      await lead.nextExport();
      // longer than it takes to join
      await new Promise((resolve) => {
        setTimeout(resolve, 1500);
      });
      const { ours, theirs } = toldBy((await end()).requests);
      assert.deepEqual([[...ours.metrics], ours.levels, ours.events], [[], [], []]);
      assert.ok(theirs.metrics.length > 0);
    },
  );
});
