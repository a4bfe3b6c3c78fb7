/** Every exporter of the list, and the example of CONTRIBUTING.md, keeps the contract. */
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe } from 'node:test';

import type { OtlpTarget } from '../../agent/model/otlp.ts';
import { exporters } from '../../exporters/index.ts';
import { exporterContract } from '../contracts/exporter.ts';
import { startOtlpReceiver } from '../helpers/otlp-receiver.ts';

/** Where nobody listens. */
const CLOSED = 'http://127.0.0.1:1';

describe('prometheus', () => {
  const taken = createServer();
  const listen = { host: '127.0.0.1', port: 0 };
  before(async () => {
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    listen.port = (taken.address() as AddressInfo).port;
  });
  after(() => taken.close());
  exporterContract({ create: exporters.prometheus, adverse: { listen }, friendly: {} });
});

describe('otlp', async () => {
  const receiver = await startOtlpReceiver();
  after(() => receiver.close());
  exporterContract({
    create: exporters.otlp,
    adverse: { otlp: settingsOf(CLOSED) },
    friendly: { otlp: settingsOf(receiver.url) },
  });
});

function settingsOf(origin: string): Parameters<typeof exporters.otlp>[0]['otlp'] {
  const metrics = targetOf(`${origin}/v1/metrics`);
  const logs = targetOf(`${origin}/v1/logs`);
  return { metrics, logs, temporality: 'cumulative', intervalMs: 1000, problems: [] };
}

function targetOf(url: string): OtlpTarget {
  return {
    url: new URL(url),
    protocol: 'http/json',
    headers: {},
    timeoutMs: 1000,
    compression: 'none',
    certificatePath: undefined,
    clientCertificatePath: undefined,
    clientKeyPath: undefined,
  };
}
