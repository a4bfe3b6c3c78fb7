/** Makes docs/page.png of a real process that runs into its budget: `npm run build && node test/browser/screenshot.ts`. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { launchChromium } from './chromium.ts';
import { look, startRealSidecar } from './scene.ts';

const PICTURE = join(import.meta.dirname, '../../docs/page.png');

const sidecar = await startRealSidecar();
const browser = await launchChromium();
try {
  const checkout = sidecar.app('checkout');
  sidecar.app('catalog').fill(0.6);
  const { page } = await look(browser, sidecar.url, { viewport: { width: 1100, height: 620 }, colorScheme: 'light' });
  await page.getByRole('link', { name: 'checkout main' }).click();
  await page.getByText(/^budget \(binding\)/).waitFor();
  for (let ratio = 0.55; ratio < 0.87; ratio += 0.005) {
    checkout.fill(ratio);
    await delay(400);
  }
  await page.screenshot({ path: PICTURE });
  console.log(`docs/page.png: ${Math.ceil(statSync(PICTURE).size / 1024)} KiB`);
} finally {
  await browser.close();
  await sidecar.stop();
}
