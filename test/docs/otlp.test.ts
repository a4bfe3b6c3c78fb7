/** docs/otlp.md with the real programs that it names. */
import { dirname, delimiter, resolve } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { NO_COLLECTOR, NO_VICTORIA_METRICS } from '../helpers/otlp-programs.ts';
import { openDesk, readPage, whyNotTyped } from './page.ts';

const page = readPage('docs/otlp.md');
const RECEIVERS = resolve(import.meta.dirname, '../../.cache/receivers');
const PATH = [RECEIVERS, dirname(process.execPath), process.env['PATH']].join(delimiter);

/** Types the commands of a receiver and of a service, until the third shows that the data came. */
async function follow(context: TestContext, receive: string, push: string, show: string): Promise<void> {
  const desk = await openDesk(page, { ports: [4318, 9090, 8428], env: { PATH } });
  context.after(desk.close);
  desk.start(receive);
  desk.start(push);
  await desk.untilShown(show);
}

describe(page.title, { concurrency: true, skip: whyNotTyped() }, () => {
  test('a Collector takes it, and its Prometheus exporter has our names', { skip: NO_COLLECTOR }, (context) =>
    follow(context, 'collector', 'push', 'collected'),
  );

  test('VictoriaMetrics takes it, and has our names', { skip: NO_VICTORIA_METRICS }, (context) =>
    follow(context, 'victoria-metrics', 'push-victoria-metrics', 'stored'),
  );
});
