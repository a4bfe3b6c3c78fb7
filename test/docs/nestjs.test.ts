/** docs/setup/nestjs.md, typed as it says. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped, type Desk } from './page.ts';

const app = appIn('nest');
const page = readPage('docs/setup/nestjs.md');

/** Serves by one command, and is left when `shown` is shown. */
async function serves(desk: Desk, command: string, shown: string): Promise<void> {
  const service = desk.start(command);
  const [, pid] = await service.until(/listening, process (\d+)/);
  await desk.untilShown(shown);
  // not the command's: `nest start` does not pass it on
  process.kill(Number(pid), 'SIGTERM');
  const { stderr, report } = await service.ended;
  assert.doesNotMatch(stderr, /\[plimsoll\]/, report);
}

describe(page.title, { concurrency: true, skip: whyNotTyped() || app.skip }, () => {
  test('compiled, and by nest start', async (context) => {
    const desk = await openDesk(page, { folder: app.folder, ports: [3000, 19_464], env: { NO_COLOR: '1' } });
    context.after(desk.close);
    const built = await desk.start('build').ended;
    assert.equal(built.code, 0, built.report);
    await serves(desk, 'run', 'scrape');
    await serves(desk, 'start', 'scrape');
  });

  test('with its OpenTelemetry', async (context) => {
    const desk = await openDesk(page, { folder: app.folder, ports: [3000, 9464], env: { NO_COLOR: '1' } });
    context.after(desk.close);
    const built = await desk.start('build').ended;
    assert.equal(built.code, 0, built.report);
    await serves(desk, 'telemetry', 'joined');
  });
});
