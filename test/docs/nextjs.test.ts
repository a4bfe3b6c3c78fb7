/** docs/setup/nextjs.md, typed as it says. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped } from './page.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const app = appIn('next');
const page = readPage('docs/setup/nextjs.md');

test(page.title, { skip: whyNotTyped() || app.skip }, async (context) => {
  const desk = await openDesk(page, { ports: [3000, 19_464], env: { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' } });
  context.after(desk.close);
  installInto(join(desk.folder, 'node_modules'));

  const built = await desk.start('build').ended;
  assert.equal(built.code, 0, built.report);

  const service = desk.start('start');
  context.after(() => service.child.kill('SIGKILL'));
  await service.until(/Ready in/);
  desk.shows('page', (await desk.start('page').ended).stdout);
  await desk.untilShown('scrape');
  desk.shows('pressure', (await desk.start('pressure').ended).stdout);
  service.child.kill('SIGTERM');
  await service.ended;

  const standalone = desk.start('standalone');
  context.after(() => standalone.child.kill('SIGKILL'));
  await standalone.until(/Ready in/);
  desk.shows('page', (await desk.start('page').ended).stdout);
  await desk.untilShown('pressure');
  standalone.child.kill('SIGTERM');
  const ended = await standalone.ended;
  assert.equal(ended.stderr, '', ended.report);
});

/** Next.js follows no link out of the project: the packages are there themselves, as npm puts them. */
function installInto(packages: string): void {
  rmSync(packages, { recursive: true });
  cpSync(join(app.folder, 'node_modules'), packages, { recursive: true, verbatimSymlinks: true });
  const plimsoll = join(packages, 'plimsoll');
  rmSync(plimsoll, { recursive: true, force: true });
  mkdirSync(plimsoll);
  cpSync(join(ROOT, 'package.json'), join(plimsoll, 'package.json'));
  cpSync(join(ROOT, 'dist'), join(plimsoll, 'dist'), { recursive: true });
}
