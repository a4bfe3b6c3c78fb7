/** docs/pressure-cache.md and docs/http.md: their programs are run, their commands typed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped, type Desk } from './page.ts';

const cachePage = readPage('docs/pressure-cache.md');
const httpPage = readPage('docs/http.md');
const cacache = appIn('pressure-cache');
const web = appIn('web');

async function ends(desk: Desk, command: string): Promise<void> {
  writeFileSync(join(desk.folder, 'package.json'), '{ "type": "module" }');
  const { code, stdout, stderr, report } = await desk.start(command).ended;
  assert.equal(code, 0, report);
  assert.equal(stderr, '', report);
  desk.shows(command, stdout);
}

describe(cachePage.title, { concurrency: true, skip: whyNotTyped() }, () => {
  test('in memory', async (context) => {
    const desk = await openDesk(cachePage);
    context.after(desk.close);
    await ends(desk, 'run');
  });

  test('with a disk tier', { skip: cacache.skip }, async (context) => {
    const desk = await openDesk(cachePage, { folder: cacache.folder });
    context.after(desk.close);
    await ends(desk, 'disk');
  });
});

describe(httpPage.title, { concurrency: true, skip: whyNotTyped() }, () => {
  test('in a server of node:http', async (context) => {
    const desk = await openDesk(httpPage, { ports: [3000] });
    context.after(desk.close);
    await desk.start('run').until(/listening/);
    await desk.untilShown('ask');
  });

  test('in Express, which serves its own beside them', { skip: web.skip }, async (context) => {
    const desk = await openDesk(httpPage, { folder: web.folder, ports: [3001] });
    context.after(desk.close);
    await desk.start('run-express').until(/listening/);
    await desk.untilShown('ask-express');
  });

  test('in Fastify, with the routes that write', { skip: web.skip }, async (context) => {
    const desk = await openDesk(httpPage, { folder: web.folder, ports: [3002] });
    context.after(desk.close);
    await desk.start('run-fastify').until(/listening/);
    await desk.untilShown('reclaim');
  });
});
