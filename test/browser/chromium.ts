/** A Chromium of the machine, without a window; the version of playwright-core needs none of its own. */
import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executable = [process.env['PLIMSOLL_CHROMIUM'] ?? '', ...PATHS].find((path) => existsSync(path));

/** false, or why there is no browser. */
export const skip =
  executable === undefined ? 'no Chromium: apt-get install chromium, or name one in PLIMSOLL_CHROMIUM' : false;

export async function launchChromium(): Promise<Browser> {
  // Chromium refuses its sandbox to root; a container's /dev/shm is small
  const args = [
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
  ];
  return await chromium.launch({ executablePath: executable ?? '', headless: true, args });
}
