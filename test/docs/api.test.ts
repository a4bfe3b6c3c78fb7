/** docs/api.md, typed as it says. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { openDesk, readPage, whyNotTyped } from './page.ts';

const page = readPage('docs/api.md');

test(page.title, { skip: whyNotTyped() }, async (context) => {
  const desk = await openDesk(page, { ports: [19_465, 19_466], env: { PLIMSOLL_DATA_DIR: 'evidence' } });
  context.after(desk.close);
  const app = desk.start('app');
  const sidecars = ['sidecar', 'guarded'].map((command) => desk.start(command));
  await app.until(/running/);
  await desk.untilShown('ask');
  await desk.untilShown('use');
  for (const running of [app, ...sidecars]) assert.equal(running.child.exitCode, null);
});
