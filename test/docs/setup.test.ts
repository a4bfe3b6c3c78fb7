/** The pages of docs/setup that need no vendor: their programs are run, their commands typed, and what they promise is looked for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openDesk, readPage, whyNotTyped } from './page.ts';

const page = readPage('docs/setup/plain.md');

describe(page.title, { concurrency: true, skip: whyNotTyped() }, () => {
  test('the endpoint answers, and status and doctor know of it', async (context) => {
    const desk = await openDesk(page, { ports: [3000, 19_464] });
    context.after(desk.close);
    const service = desk.start('run');
    await service.until(/listening/);

    await desk.untilShown('scrape');
    await desk.untilShown('status');
    await desk.untilShown('doctor');

    service.child.kill();
    assert.equal((await service.ended).signal, 'SIGTERM', 'as without Plimsoll');
  });

  test('with an OTLP endpoint in the environment it pushes', async (context) => {
    const desk = await openDesk(page, { ports: [3000, 4318] });
    context.after(desk.close);
    const receiver = desk.start('receive');
    await receiver.until(/receiving/);
    const service = desk.start('push');

    await service.until(/PLM_EXPORTING.*\n/, 'stderr');
    desk.shows('push', service.stderr());
    await receiver.until(/shop: .*\n/);
    desk.shows('receive', receiver.stdout());

    service.child.kill();
    receiver.child.kill();
    await Promise.all([service.ended, receiver.ended]);
  });
});
