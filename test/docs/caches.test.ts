/** docs/caches.md, typed as it says. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { describe } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped } from './page.ts';

const app = appIn('caches');
const page = readPage('docs/caches.md');

describe(page.title, { concurrency: true, skip: whyNotTyped() || app.skip }, () => {
  for (const command of ['run', 'own']) {
    test(`typed: ${command}`, async (context) => {
      const desk = await openDesk(page, { ports: [19_464] });
      context.after(desk.close);
      const library = join(desk.folder, 'node_modules/lru-cache');
      mkdirSync(join(desk.folder, 'node_modules'), { recursive: true });
      rmSync(library, { force: true });
      symlinkSync(join(app.folder, 'node_modules/lru-cache-11'), library);
      const { stdout, stderr, code, report } = await desk.start(command).ended;
      assert.equal(code, 0, report);
      assert.doesNotMatch(stderr, /PLM_/, report);
      desk.shows(command, stdout);
    });
  }
});
