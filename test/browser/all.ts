/**
 * Everything the page promises, in one browser: `npm run test:browser`. Screenshots are kept in .cache/screenshots. Real sidecars and real
 * processes; the hundred processes are a stand-in's.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { Browser, Page } from 'playwright-core';

import { assertAccessible } from './accessibility.ts';
import { launchChromium, skip } from './chromium.ts';
import { deathOf, pointOf, processOf } from './made-up.ts';
import { look, startRealSidecar, type RealSidecar, type Watched } from './scene.ts';
import { startStandIn } from './stand-in.ts';

const SCREENSHOTS = join(import.meta.dirname, '../../.cache/screenshots');
const TOKEN = 'a-token-of-at-least-16-characters';
/** Phones that are sold today are 360 px wide at least. */
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 };

interface Address {
  readonly name: string;
  readonly hash: string;
  readonly heading: RegExp;
  /** There when its numbers are. */
  readonly shows: RegExp;
}

const OVERVIEW: Address = { name: 'overview', hash: '#/', heading: /Processes/, shows: /was killed by a signal/ };

let browser: Browser;
let sidecar: RealSidecar;
let guarded: RealSidecar;
let checkout: ReturnType<RealSidecar['app']>;
let desktop: Watched;
let views: readonly Address[];

before(async () => {
  if (skip !== false) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  [sidecar, guarded, browser] = await Promise.all([startRealSidecar(), startRealSidecar({}, TOKEN), launchChromium()]);
  checkout = sidecar.app('checkout');
  sidecar.app('catalog');
  const billing = sidecar.app('billing');
  desktop = await look(browser, sidecar.url);
  const { page } = desktop;
  await page.getByRole('row', { name: /billing main.*normal/ }).waitFor();
  billing.fill(0.95);
  checkout.fill(0.85);
  await page.getByRole('row', { name: /billing main.*critical/ }).waitFor();
  billing.child.kill('SIGKILL');
  await page.getByRole('link', { name: 'Post-mortem', exact: true }).waitFor();
  views = await addresses(page);
});
after(async () => {
  if (skip !== false) return;
  await browser.close();
  await Promise.all([sidecar.stop(), guarded.stop()]);
});

async function addresses(page: Page): Promise<readonly Address[]> {
  const hashOf = async (name: RegExp | string): Promise<string> =>
    (await page.getByRole('link', { name }).first().getAttribute('href')) ?? '';
  const process = await hashOf(/^checkout main$/);
  return [
    OVERVIEW,
    { name: 'process', hash: process, heading: /checkout main/, shows: /^budget \(binding\)/ },
    {
      name: 'cache',
      hash: `${process.replace('process', 'cache')}/sessions`,
      heading: /Cache sessions/,
      shows: /estimated from a sample/,
    },
    { name: 'postmortems', hash: '#/postmortems', heading: /Post-mortems/, shows: /^inferred, \d+ % sure/ },
    { name: 'postmortem', hash: await hashOf(/^Post-mortem$/), heading: /billing main/, shows: /before the end/ },
  ];
}

/** Shown, and with its numbers. */
async function open(page: Page, { hash, heading, shows }: Address): Promise<void> {
  await page.goto(`${sidecar.url}${hash}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.getByText(shows).first().waitFor();
}

for (const [name, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', PHONE],
] as const) {
  test(`every view is accessible, and nothing of it is wider than the screen: ${name}`, { skip }, async () => {
    const { page, complaints, foreign, close } = await look(browser, sidecar.url, options);
    for (const view of views) {
      await open(page, view);
      await page.screenshot({ path: join(SCREENSHOTS, `${view.name}-${name}.png`), fullPage: true });
      // the views differ by width in their tables only, and those do alike
      if (name !== 'phone' || view.name === 'overview') await assertAccessible(page, `${view.name}, ${name}`);
      const [wide, screen] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      assert.ok(wide <= screen, `${view.name} is ${wide} px wide on a screen of ${screen}`);
    }
    assert.deepEqual({ complaints, foreign }, { complaints: [], foreign: [] });
    await close();
  });
}

test('everything is reached and used by the keyboard', { skip }, async () => {
  const { page, close } = await look(browser, sidecar.url);
  await page.getByRole('row', { name: /checkout main/ }).waitFor();
  const focused = async (): Promise<string> =>
    await page.evaluate('document.activeElement.textContent || document.activeElement.id');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  const seen: string[] = [];
  for (let presses = 0; presses < 20 && !seen.includes('checkout main'); presses++) {
    await page.keyboard.press('Tab');
    seen.push(await focused());
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    assert.notEqual(outline, 'none', `where the focus is cannot be seen on ${seen.at(-1) ?? ''}`);
    if (seen.at(-1) === 'RSS') await page.keyboard.press('Enter');
  }
  assert.equal(
    await page.getByRole('columnheader', { name: 'RSS' }).getAttribute('aria-sort'),
    'descending',
    seen.join(),
  );
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'checkout main' }).waitFor();
  assert.equal(await focused(), 'checkout main', 'the focus goes to the heading of what was opened');
  await close();
});

test('the table is filtered and sorted', { skip }, async () => {
  const { page } = desktop;
  await open(page, OVERVIEW);
  await page.getByRole('searchbox').fill('catalog normal');
  await page.getByText('1 of 3 shown').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Process', exact: true }).click();
  const names = await page.locator('tbody th a').allInnerTexts();
  assert.deepEqual(names, names.toSorted());
});

test('history goes back further on request, and every chart is a table too', { skip }, async () => {
  const { page } = desktop;
  await open(page, views.find(({ name }) => name === 'process') ?? assert.fail());
  const asked = page.waitForResponse(
    (response) => response.url().includes('memory/history') && response.url().includes('since=2h'),
  );
  await page.getByRole('button', { name: '2 h' }).click();
  assert.equal((await asked).status(), 200);
  await page.getByRole('button', { name: 'Show as table' }).first().click();
  const table = page.getByRole('region', { name: 'Use of the binding constraint, as a table' });
  await table.getByRole('cell', { name: /MiB/ }).first().waitFor();
  assert.match(
    (await page.getByRole('img', { name: /^Use of the budget/ }).getAttribute('aria-label')) ?? '',
    /from \d+ MiB to \d+ MiB, last \d+ MiB; now \d+ of 200 MiB/,
  );
});

test('a process whose event loop is stuck is said to be blocked, and later not to be', { skip }, async () => {
  const { page } = desktop;
  await open(page, OVERVIEW);
  checkout.block();
  await page.locator('.verdict', { hasText: 'checkout main is blocked: its event loop has not run for' }).waitFor();
  await page.getByRole('row', { name: /checkout main.*blocked/ }).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, 'blocked.png') });
  await page.locator('.verdict', { hasNotText: 'blocked' }).waitFor();
});

test('the theme is chosen by hand, and stays chosen', { skip }, async () => {
  const { page } = desktop;
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'Switch to the light theme' }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
});

test('without its sidecar the page says since when, keeps what it knew, and goes on by itself', { skip }, async () => {
  const { page } = desktop;
  await open(page, OVERVIEW);
  await page.getByRole('row', { name: /checkout main/ }).waitFor();
  await sidecar.kill();
  await page.getByText(/^Disconnected since \d\d:\d\d:\d\d: nobody answers at this address/).waitFor();
  assert.equal(await page.getByRole('row', { name: /checkout main/ }).count(), 1);
  await page.screenshot({ path: join(SCREENSHOTS, 'disconnected.png') });
  sidecar.restart();
  await page.locator('.connection[data-kind=live]').waitFor();
  await page.getByRole('row', { name: /checkout main/ }).waitFor();
});

test('a token is asked for, kept out of the address, and forgotten with the tab', { skip }, async () => {
  const { page, close } = await look(browser, guarded.url);
  await page.getByRole('heading', { name: 'A token is needed' }).waitFor();
  await assertAccessible(page, 'the form');
  await page.getByLabel('Token').fill('not the one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No process yet' }).waitFor();
  await assertAccessible(page, 'nothing to show');
  await page.screenshot({ path: join(SCREENSHOTS, 'no-process.png') });
  assert.equal(page.url(), guarded.url);
  assert.equal(await page.evaluate('localStorage.length'), 0);
  await close();
});

test('older post-mortems come when asked for, by keyboard too, until there are no more', { skip }, async (t) => {
  const standIn = await startStandIn();
  t.after(standIn.stop);
  const nowMs = Date.now();
  standIn.postmortems = Array.from({ length: 45 }, (_, index) =>
    deathOf(`instance-${index}`, `service-${index}`, {
      diedMs: nowMs - index * 60_000,
      foundMs: nowMs - index * 60_000,
    }),
  );
  const { page, close } = await look(browser, `${standIn.url}#/postmortems`);
  const older = page.getByRole('button', { name: 'Older' });
  await older.waitFor();
  assert.equal(await page.getByRole('link', { name: /^service-/ }).count(), 20);
  await older.press('Enter');
  await page.getByRole('link', { name: 'service-39 main' }).waitFor();
  await older.press('Enter');
  await page.getByRole('link', { name: 'service-44 main' }).waitFor();
  await older.waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'These are all that are kept.');
  assert.equal(await page.getByRole('link', { name: /^service-/ }).count(), 45);
  await assertAccessible(page, 'all post-mortems');
  await close();
});

/** A machine that is busy with other things stops the browser in the middle of a task: the quietest round counts. */
const ROUNDS = 3;

test('a hundred processes, each with a sample a second, never hold the page for 50 ms', { skip }, async (t) => {
  const standIn = await startStandIn();
  t.after(standIn.stop);
  const services = Array.from({ length: 100 }, (_, index) => `service-${index}`);
  standIn.processes = services.map((instance, index) => processOf({ instance, ratio: index / 120 }));
  const { page, close } = await look(browser, standIn.url);
  await page.getByRole('row').nth(100).waitFor();
  await page.waitForResponse((response) => response.url().includes('memory/status')); // it has settled
  await page.evaluate(
    'window.long = []; new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => Math.round(e.duration)))).observe({ type: "longtask" })',
  );
  async function round(): Promise<readonly number[]> {
    for (let second = 1; second <= 12; second++) {
      standIn.send(
        'samples',
        services.map((instance, index) => pointOf({ instance, ratio: index / 120 + 0.05 * Math.sin(second + index) })),
      );
      await page.waitForTimeout(260); // once per update of the page, faster than in life
    }
    return await page.evaluate<number[]>('long.splice(0)');
  }
  const rounds: (readonly number[])[] = [];
  while (rounds.length < ROUNDS && rounds.at(-1)?.length !== 0) rounds.push(await round());
  await page.screenshot({ path: join(SCREENSHOTS, 'hundred.png') });
  t.diagnostic(
    `tasks over 50 ms in 12 updates of 100 processes: ${rounds.map((long) => `${long.length} (${long.join()} ms)`).join('; ')}`,
  );
  assert.deepEqual(rounds.at(-1), []);
  await close();
});
