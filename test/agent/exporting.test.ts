/** A sidecar reads events in the ring's note: the process exports none of them a second time, and none is lost when it goes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { readOtlp } from '../../agent/config/otlp.ts';
import { createExporting } from '../../agent/exporting.ts';
import type { AgentEvent } from '../../agent/model/event.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../helpers/otlp-receiver.ts';
import { ordinarySnapshot } from '../helpers/snapshot.ts';

// on Node.js 22.15 a test whose only pending work is unref'd ends early
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

function limitChanged(fromBytes: number): AgentEvent {
  return { name: 'plimsoll.limit.changed', constraint: 'container', fromBytes, toBytes: 1 };
}

/** Of the events that were received. */
function limitsIn({ requests }: OtlpReceiver): readonly number[] {
  const logs = requests.filter(({ path }) => path === '/v1/logs').map(({ json }) => JSON.stringify(json));
  return logs.flatMap((text) => [...text.matchAll(/from (\d+) to 1 bytes/g)].map(([, bytes]) => Number(bytes)));
}

test('while a sidecar watches nothing is sent; what happened without one is sent by whoever exports next', async () => {
  const receiver = await startOtlpReceiver();
  let watched: 'no' | 'yes' | 'lost' = 'yes';
  const { settings } = readOtlp({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRIC_EXPORT_INTERVAL: '100',
  });
  const recovered: string[] = [];
  const fail = (error: unknown): void => assert.fail(String(error));
  const exporting = createExporting({
    option: 'auto',
    fallback: 'otlp',
    tier: 'core',
    listen: { host: '127.0.0.1', port: 0 },
    container: '',
    isNumbered: false,
    isChild: false,
    otlp: settings,
    clock: systemClock,
    isYoung: () => false,
    isWatched: () => watched !== 'no',
    hasWatcher: () => watched === 'yes',
    snapshot: () => ordinarySnapshot(),
    describe: () => '',
    onTrouble: ({ detail }) => fail(detail),
    onRecovered: (reason) => recovered.push(reason),
    onListening() {},
    onProblem() {},
    onFailure: fail,
  });
  await exporting.start();
  assert.equal(exporting.kind(), 'sidecar');
  exporting.event(limitChanged(1));
  exporting.look();
  watched = 'lost';
  exporting.event(limitChanged(2));
  exporting.look();
  assert.deepEqual(receiver.requests, []);

  watched = 'no';
  exporting.look();
  await receiver.until(({ path }) => path === '/v1/logs');
  assert.equal(exporting.kind(), 'otlp');
  assert.deepEqual(limitsIn(receiver), [2]);

  watched = 'yes';
  exporting.look();
  exporting.event(limitChanged(3));
  await exporting.stop();
  assert.equal(exporting.kind(), 'sidecar');
  assert.deepEqual(limitsIn(receiver), [2]);
  assert.ok(recovered.includes('otlp_metrics_failed'), 'the troubles of an exporter end with it');
  await receiver.close();
});

test('what asks for no sidecar is not kept from exporting by one', async () => {
  for (const option of ['otlp', 'prometheus', 'join', 'none'] as const) {
    const exporting = createExporting({
      option,
      fallback: 'prometheus',
      tier: 'core',
      listen: { host: '127.0.0.1', port: 0 },
      container: '',
      isNumbered: false,
      isChild: false,
      otlp: readOtlp({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }).settings,
      clock: systemClock,
      isYoung: () => false,
      isWatched: () => true,
      hasWatcher: () => true,
      snapshot: () => ordinarySnapshot(),
      describe: () => '',
      onTrouble() {},
      onRecovered() {},
      onListening() {},
      onProblem() {},
      onFailure: (error) => assert.fail(String(error)),
    });
    await exporting.start();
    assert.equal(exporting.kind(), option === 'join' ? 'none' : option);
    await exporting.stop();
  }
});
