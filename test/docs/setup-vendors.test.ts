/** The pages of docs/setup for services that have telemetry already, run beside the packages that they name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { openDesk, readPage, whyNotTyped, type Desk } from './page.ts';

/** Asked by OTEL_LOG_LEVEL, as the pages advise. */
const INFO = { OTEL_LOG_LEVEL: 'info' };

/** Starts the service, waits until `shown`, and ends it: by the signal, as without Plimsoll, unless its SDK ends it otherwise. */
async function served(desk: Desk, command: string, shown: (stderr: () => string) => Promise<void>): Promise<void> {
  const service = desk.start(command);
  await service.until(/listening/);
  await shown(service.stderr);
  service.child.kill('SIGKILL');
  assert.equal((await service.ended).signal, 'SIGKILL');
}

describe('docs/setup', { concurrency: true }, () => {
  const sdk = readPage('docs/setup/opentelemetry.md');
  for (const major of [1, 2, 3]) {
    const app = appIn(`otel-${major}`);
    test(`${sdk.title}: ${major}.x`, { skip: whyNotTyped() || app.skip }, async (context) => {
      const desk = await openDesk(sdk, { folder: app.folder, ports: [3000, 9464], env: INFO });
      context.after(desk.close);
      await served(desk, `run-${major}`, async (stderr) => {
        await desk.untilShown('scrape');
        desk.shows('joined', stderr());
      });
    });
  }

  const auto = readPage('docs/setup/auto-instrumentations.md');
  const autoApp = appIn('auto');
  test(auto.title, { skip: whyNotTyped() || autoApp.skip }, async (context) => {
    // its detectors of clouds wait for addresses that are not there
    const env = { ...INFO, OTEL_NODE_RESOURCE_DETECTORS: 'env,process' };
    const desk = await openDesk(auto, { folder: autoApp.folder, ports: [3000, 9464], env });
    context.after(desk.close);
    await served(desk, 'run', async (stderr) => {
      await desk.untilShown('scrape');
      desk.shows('joined', stderr());
    });
  });

  const datadog = readPage('docs/setup/dd-trace.md');
  const datadogApp = appIn('dd-trace');
  const skip = whyNotTyped() || datadogApp.skip;
  test(`${datadog.title}: beside it`, { skip }, async (context) => {
    const desk = await openDesk(datadog, { folder: datadogApp.folder, ports: [3000, 19_464] });
    context.after(desk.close);
    await served(desk, 'run', () => desk.untilShown('scrape'));
  });

  test(`${datadog.title}: through it`, { skip }, async (context) => {
    const desk = await openDesk(datadog, { folder: datadogApp.folder, ports: [3000, 4318], env: INFO });
    context.after(desk.close);
    const receiver = desk.start('receive');
    await receiver.until(/receiving/);
    await served(desk, 'run-otel', async (stderr) => {
      await receiver.until(/^plimsoll: .*\n/m);
      desk.shows('receive', receiver.stdout());
      desk.shows('joined', stderr());
    });
  });
});
