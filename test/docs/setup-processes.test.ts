/** The pages of docs/setup on services of several processes: run, scraped, a worker killed and replaced, restarted. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped, type Desk } from './page.ts';

const cluster = readPage('docs/setup/cluster.md');
const pm2 = readPage('docs/setup/pm2.md');
const app = appIn('pm2');

async function typed(desk: Desk, command: string): Promise<void> {
  const running = desk.start(command);
  running.child.stdin.end();
  const { code, report } = await running.ended;
  assert.equal(code, 0, report);
}

test(cluster.title, { skip: whyNotTyped() }, async (context) => {
  const desk = await openDesk(cluster, { ports: [3000, 19_464] });
  context.after(desk.close);
  const service = desk.start('run');
  await service.until(/listening[^]*listening/);
  await desk.untilShown('scrape');

  await typed(desk, 'replace');
  await service.until(/is gone[^]*listening/);
  desk.shows('run', service.stdout());
  await desk.untilShown('scrape');
  await desk.untilShown('status');

  service.child.kill();
  const { stderr } = await service.ended;
  assert.equal(stderr, '');
});

test(pm2.title, { skip: whyNotTyped() || app.skip }, async (context) => {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-pm2-'));
  const env = { HOME: home, PM2_HOME: home, PM2_DISCRETE_MODE: 'true' };
  const desk = await openDesk(pm2, { folder: app.folder, ports: [3000, 19_464], env });
  context.after(async () => {
    await typed(desk, 'stop');
    await desk.close();
    rmSync(home, { recursive: true, force: true });
  });
  await typed(desk, 'run');
  await desk.untilShown('scrape');
  await typed(desk, 'restart');
  await desk.untilShown('scrape');
});
