/** The page in a real browser over a real sidecar and real processes, in short; all of it is `npm run test:browser`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Browser } from 'playwright-core';

import { launchChromium, skip } from './chromium.ts';
import { look, startRealSidecar, type RealSidecar, type Watched } from './scene.ts';

const MARKUP = '<img src=x onerror=alert(1)>';

let browser: Browser;
let sidecar: RealSidecar;
let watched: Watched;
let checkout: ReturnType<RealSidecar['app']>;

before(async () => {
  if (skip !== false) return;
  sidecar = await startRealSidecar();
  checkout = sidecar.app('checkout');
  sidecar.app(MARKUP);
  browser = await launchChromium();
  watched = await look(browser, sidecar.url);
});
after(async () => {
  if (skip !== false) return;
  await browser.close();
  await sidecar.stop();
});

test('processes appear by themselves, and a name that is markup stays text', { skip }, async () => {
  await watched.page.getByRole('row', { name: /checkout main/ }).waitFor();
  await watched.page
    .getByRole('link', { name: `${MARKUP} main` })
    .first()
    .waitFor();
  assert.equal(await watched.page.locator('img').count(), 0);
});

test('a level that rises is shown and announced without anybody reloading the page', { skip }, async () => {
  const { page } = watched;
  await page.getByRole('row', { name: /checkout main.*normal/ }).waitFor();
  checkout.fill(0.9);
  await page.getByRole('row', { name: /checkout main.*high/ }).waitFor();
  await page.locator('#announcer', { hasText: 'checkout main is high now.' }).waitFor({ state: 'attached' });
  assert.match(
    await page.locator('.verdict').innerText(),
    /^checkout main (is at 9\d % of|will reach) its memory budget.*18\d of 200 MiB/s,
  );
});

test('a page that is opened later lists what happened before, once, also when it is told again', { skip }, async () => {
  const { page, close } = await look(browser, sidecar.url);
  await page.getByRole('link', { name: 'checkout main' }).first().click();
  const toHigh = page.locator('.events li', { hasText: /^.*high/ });
  await toHigh.first().waitFor();
  const texts = await page.locator('.events li .event-text').allInnerTexts();
  assert.equal(new Set(texts).size, texts.length, texts.join('\n'));
  await close();
});

test('a process is killed, and its post-mortem is there to read', { skip }, async () => {
  const { page } = watched;
  checkout.child.kill('SIGKILL');
  await page
    .getByRole('list', { name: 'Deaths of the last ten minutes' })
    .getByRole('link', { name: 'Post-mortem' })
    .click();
  await page.getByRole('heading', { level: 1, name: /^checkout main (was|crashed|ended)/ }).waitFor();
  await page.getByRole('heading', { name: 'Why this is the verdict' }).waitFor();
  await page.getByRole('link', { name: 'Processes' }).click();
  await page.locator('.events .event-text', { hasText: 'checkout died' }).waitFor();
});

test('no request left for elsewhere, and the content security policy had nothing to refuse', { skip }, () => {
  assert.deepEqual(watched.foreign, []);
  assert.deepEqual(watched.complaints, []);
});
