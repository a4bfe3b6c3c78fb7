/** Where the preloaded agent sends, as the OTEL_* variables say: addresses, certificates, exporters; and how little of it is seen. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { startBadCollector } from '../helpers/bad-collectors.ts';
import { ask } from '../helpers/http-client.ts';
import { work } from '../helpers/otlp-app.ts';
import { startOtlpReceiver, type OtlpReceiver, type OtlpReceiverOptions } from '../helpers/otlp-receiver.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';

/** Mostly waiting processes. */
const CONCURRENCY = 6;
const NO_IPV6 = !(await canListen(0, '::1')) && 'this machine has no ::1';
const PORT_TAKEN = !(await canListen(4318, '127.0.0.1')) && 'something listens at port 4318';
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-otlp-'));
after(() => rmSync(folder, { recursive: true }));

async function withReceiver(
  use: (receiver: OtlpReceiver) => Promise<void>,
  options: OtlpReceiverOptions = {},
): Promise<void> {
  const receiver = await startOtlpReceiver(options);
  try {
    await use(receiver);
  } finally {
    await receiver.close();
  }
}

const metricsCame = ({ until }: OtlpReceiver): Promise<unknown> => until(({ path }) => path === '/v1/metrics');
const told = (running: RunningNode): Promise<unknown> => running.until(/PLM_OTLP_FAILED/, 'stderr');
const pathsOf = ({ requests }: OtlpReceiver): readonly string[] => [...new Set(requests.map(({ path }) => path))];

describe('addresses', { concurrency: CONCURRENCY }, () => {
  test("the general endpoint is a base; a signal's own is taken as it is, with its query and its credentials", () =>
    withReceiver(async (receiver) => {
      const { url, requests, until } = receiver;
      const { result } = await work({
        until: () => until(({ path }) => path === '/base/v1/logs'),
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/base/`,
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url.replace('//', '//me:p%40ss@')}/api/otlp?tenant=1`,
          OTEL_EXPORTER_OTLP_HEADERS: 'x-team=core,x-key=general',
          OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'X-Key=a%20secret%3D',
          PLIMSOLL_PROCESS_BUDGET: '20MiB', // so that there is an event
        },
      });
      assert.ok(!result.stderr.includes('OTLP'), result.report);
      assert.deepEqual(pathsOf(receiver), ['/api/otlp?tenant=1', '/base/v1/logs']);
      const [metrics] = requests;
      assert.equal(metrics?.headers['x-team'], 'core');
      assert.equal(metrics?.headers['x-key'], 'a secret=');
      assert.equal(metrics?.headers.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
      assert.match(metrics?.headers['user-agent'] ?? '', /^plimsoll\/\d/);
      assert.equal(requests.find(({ path }) => path === '/base/v1/logs')?.headers['x-key'], 'general');
    }));

  test('IPv6', { skip: NO_IPV6 }, () =>
    withReceiver(
      async (receiver) => {
        await work({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, until: () => metricsCame(receiver) });
      },
      { host: '[::1]' },
    ),
  );

  test('a name, whatever stands in the hosts file', () =>
    withReceiver(async (receiver) => {
      await work({
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.replace('127.0.0.1', 'localhost') },
        until: () => metricsCame(receiver),
      });
    }));

  test('where only metrics have an endpoint, events are not sent to the default one', () =>
    withReceiver(async (receiver) => {
      const { result } = await work({
        until: () => metricsCame(receiver).then(() => delay(1500)),
        env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics`, PLIMSOLL_PROCESS_BUDGET: '20MiB' },
      });
      assert.deepEqual(pathsOf(receiver), ['/v1/metrics']);
      assert.ok(!result.stderr.includes('OTLP'), result.report);
    }));

  test('no secret is shown when it fails', async () => {
    const collector = await startBadCollector('answers 400');
    try {
      const { result } = await work({
        until: told,
        env: {
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url.replace('//', '//me:hunter2@')}/v1/metrics?key=hunter2`,
          OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=hunter2,',
          OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'hunter2',
          OTEL_LOGS_EXPORTER: 'otlp',
          OTEL_LOG_LEVEL: 'all',
        },
      });
      assert.match(result.stderr, /PLM_OTLP_FAILED/);
      assert.match(result.stderr, /PLM_OPTION_INVALID: OTEL_EXPORTER_OTLP_LOGS_HEADERS/);
      assert.ok(!result.stderr.includes('hunter2'), result.report);
    } finally {
      await collector.close();
    }
  });
});

describe('certificates', { concurrency: CONCURRENCY, skip: whyNoOpenssl() }, () => {
  const { ca, server, client } = makeCertificates();
  const tls = {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(ca.cert),
    requestCert: true,
    rejectUnauthorized: true,
  };

  test('a private authority, and a certificate of the client', () =>
    withReceiver(
      async (receiver) => {
        const { lines, exitMs, result } = await work({
          until: () => metricsCame(receiver),
          env: {
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
            OTEL_EXPORTER_OTLP_CERTIFICATE: ca.cert,
            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client.cert,
            OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: client.key,
            OTEL_LOGS_EXPORTER: 'none',
          },
        });
        assert.deepEqual(lines, [], result.report);
        assert.deepEqual(pathsOf(receiver), ['/v1/metrics']);
        assert.ok(exitMs < 2000, `it ended ${exitMs} ms late`);
      },
      { tls },
    ));

  const missing = join(folder, 'missing.pem');
  const wrong: readonly [what: string, env: Readonly<Record<string, string>>, says: RegExp][] = [
    ['no authority', {}, /certificate/i],
    ['a file that is not there', { OTEL_EXPORTER_OTLP_CERTIFICATE: missing }, /ENOENT: .*missing\.pem/],
    ['a file that is none', { OTEL_EXPORTER_OTLP_CERTIFICATE: server.key }, /does not take metrics \(.+\)/],
  ];
  for (const [what, env, says] of wrong) {
    test(`${what}: nothing is sent, and one line says why`, () =>
      withReceiver(
        async (receiver) => {
          const { lines, result } = await work({
            until: told,
            env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
          });
          assert.equal(receiver.requests.length, 0);
          assert.equal(lines.length, 1, result.report);
          assert.match(lines[0] ?? '', says);
        },
        { tls },
      ));
  }

  test('a file that was renewed is read again', () =>
    withReceiver(
      async (receiver) => {
        const renewed = join(folder, 'renewed.pem');
        writeFileSync(renewed, readFileSync(client.cert)); // no authority for this server
        const { lines, result } = await work({
          async until(child) {
            await told(child);
            writeFileSync(renewed, readFileSync(ca.cert));
            await metricsCame(receiver);
          },
          env: {
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
            OTEL_EXPORTER_OTLP_CERTIFICATE: renewed,
            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client.cert,
            OTEL_EXPORTER_OTLP_CLIENT_KEY: client.key,
            OTEL_METRIC_EXPORT_INTERVAL: '300',
          },
        });
        assert.equal(lines.length, 1, result.report);
      },
      { tls },
    ));
});

describe('which exporter', { concurrency: CONCURRENCY }, () => {
  const nowhere: readonly [name: string, env: Readonly<Record<string, string>>][] = [
    ['OTEL_METRICS_EXPORTER=none', { OTEL_METRICS_EXPORTER: 'none' }],
    ['OTEL_METRICS_EXPORTER=prometheus', { OTEL_METRICS_EXPORTER: 'console,prometheus,otlp' }],
    ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true' }],
    ['PLIMSOLL_EXPORTER=prometheus', { PLIMSOLL_EXPORTER: 'prometheus', OTEL_METRICS_EXPORTER: 'otlp' }],
  ];
  for (const [name, env] of nowhere) {
    test(`${name}: nothing is sent`, () =>
      withReceiver(async (receiver) => {
        const { lines, result } = await work({
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
          until: () => delay(2000),
        });
        assert.deepEqual(lines, [], result.report);
        assert.deepEqual(pathsOf(receiver), []);
      }));
  }

  test('PLIMSOLL_EXPORTER=otlp without an endpoint: the default one', { skip: PORT_TAKEN }, async () => {
    const { lines, result } = await work({ until: told, env: { PLIMSOLL_EXPORTER: 'otlp' } });
    assert.equal(lines.length, 1, result.report);
    assert.match(lines[0] ?? '', /PLM_OTLP_FAILED: http:\/\/localhost:4318\/v1\/metrics .*ECONNREFUSED/);
  });

  test('gRPC: one line that names the HTTP port, and the Prometheus endpoint', async () => {
    const program = `
      const agent = globalThis[Symbol.for('plimsoll.agent.v1')];
      const poll = setInterval(() => {
        const { listening } = agent.status();
        if (listening === undefined) return;
        clearInterval(poll);
        console.log(listening);
        setTimeout(() => {}, 4000);
      }, 20);`;
    const old = join(import.meta.dirname, '../fixtures/apps/otlp/old.cjs');
    const running = startNode({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4317' },
      args: ['-r', old, '-e', program],
    });
    const [, port] = await running.until(/127\.0\.0\.1:(\d+)\/metrics/);
    const [line] = await running.until(/^.*PLM_OTLP_GRPC.*$/m, 'stderr');
    assert.match(line, /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=https:\/\/collector\.example:4318\/v1\/metrics/);
    assert.equal((await ask({ port: Number(port), path: '/metrics' })).status, 200);
    running.child.kill();
    const { stderr } = await running.ended;
    assert.equal(stderr.match(/for metrics/g)?.length, 1, stderr);
  });
});

test("an application's own tracing sees nothing of it", () =>
  withReceiver(async (receiver) => {
    const { result } = await work({
      program: 'traced.cjs',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      until: () => metricsCame(receiver),
    });
    const { spans, connections } = JSON.parse(result.stdout) as { spans: readonly string[]; connections: number };
    assert.deepEqual(spans, []);
    assert.ok(connections > 0);
    assert.equal(pathsOf(receiver)[0], '/v1/metrics');
  }));

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

function makeCertificates(): Readonly<Record<'ca' | 'server' | 'client', Certificate>> {
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-subj', '/CN=Test CA', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  for (const [name, extension] of [
    ['server', 'subjectAltName=IP:127.0.0.1'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(path(`${name}.ext`), extension);
    const signed = ['-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', ...signed, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  }
  const certificate = (name: string): Certificate => ({ cert: path(`${name}.pem`), key: path(`${name}.key`) });
  return { ca: certificate('ca'), server: certificate('server'), client: certificate('client') };
}

function whyNoOpenssl(): string | false {
  return spawnSync('openssl', ['version']).error !== undefined && 'openssl is not installed';
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
