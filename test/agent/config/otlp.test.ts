/** The table of https://opentelemetry.io/docs/specs/otel/protocol/exporter/, row by row. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';

import { namedMetricsExporter, readOtlp } from '../../../agent/config/otlp.ts';
import type { OtlpSettings } from '../../../agent/model/otlp.ts';

function settings(env: Readonly<Record<string, string>>): OtlpSettings {
  return readOtlp(env).settings;
}

function messages(env: Readonly<Record<string, string>>): readonly string[] {
  return settings(env).problems.map(({ code, message }) => `${code}: ${message}`);
}

test('without any variable: Prometheus; and if OTLP is asked for otherwise, the defaults of the specification', () => {
  const { fallback, settings: found } = readOtlp({});
  assert.equal(fallback, 'prometheus');
  const shared = {
    protocol: 'http/protobuf',
    headers: {},
    timeoutMs: 10_000,
    compression: 'none',
    certificatePath: undefined,
    clientCertificatePath: undefined,
    clientKeyPath: undefined,
  };
  assert.deepEqual(found, {
    metrics: { url: new URL('http://localhost:4318/v1/metrics'), ...shared },
    logs: { url: new URL('http://localhost:4318/v1/logs'), ...shared },
    temporality: 'cumulative',
    intervalMs: 60_000,
    problems: [],
  });
});

describe('what `auto` falls back to', () => {
  const cases: readonly [env: Readonly<Record<string, string>>, fallback: string][] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'otlp'],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318' }, 'otlp'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, 'prometheus'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318' }, 'prometheus'],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c:4318' }, 'prometheus'],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, 'otlp'],
    [{ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'prometheus'],
    [{ OTEL_METRICS_EXPORTER: 'console, OTLP,prometheus' }, 'otlp'],
    [{ OTEL_METRICS_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'otlp'],
    [{ OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'otlp'],
  ];
  for (const [env, fallback] of cases) {
    test(`${JSON.stringify(env)}: ${fallback}`, () => assert.equal(readOtlp(env).fallback, fallback));
  }

  test('`none` is only the first of the known ones', () => {
    assert.equal(namedMetricsExporter({ OTEL_METRICS_EXPORTER: 'none' }), 'none');
    assert.equal(namedMetricsExporter({ OTEL_METRICS_EXPORTER: 'prometheus,none' }), 'prometheus');
    assert.equal(namedMetricsExporter({ OTEL_METRICS_EXPORTER: 'logging' }), undefined);
  });
});

describe('endpoints', () => {
  const general = (text: string): Readonly<Record<string, string>> => ({ OTEL_EXPORTER_OTLP_ENDPOINT: text });
  const own = (text: string): Readonly<Record<string, string>> => ({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: text });
  const cases: readonly [env: Readonly<Record<string, string>>, url: string][] = [
    [general('http://c:4318'), 'http://c:4318/v1/metrics'],
    [general('http://c:4318/'), 'http://c:4318/v1/metrics'],
    [general('https://c/base//'), 'https://c/base/v1/metrics'],
    [general('https://c/base?key=1'), 'https://c/base/v1/metrics?key=1'],
    [general('http://[::1]:4318'), 'http://[::1]:4318/v1/metrics'],
    [own('http://c:4318'), 'http://c:4318/'],
    [own('http://c:4318/api/v1/otlp'), 'http://c:4318/api/v1/otlp'],
    [{ ...general('http://a'), ...own('http://b/x') }, 'http://b/x'],
    [{ ...general('http://c:4317'), OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http://c:4317/v1/metrics'],
  ];
  for (const [env, url] of cases) {
    test(`${JSON.stringify(env)}: ${url}`, () => {
      assert.equal(settings(env).metrics?.url.href, url);
      assert.deepEqual(messages(env), []);
    });
  }

  for (const text of ['collector', 'collector:4318', 'ftp://c', '/var/run/otlp.sock', 'http://']) {
    test(`${text} is none: told once for both signals, and the default is used`, () => {
      const found = settings(general(text));
      assert.equal(found.metrics?.url.href, 'http://localhost:4318/v1/metrics');
      assert.deepEqual(messages(general(text)), [
        `PLM_OPTION_INVALID: OTEL_EXPORTER_OTLP_ENDPOINT is "${text}", must be a URL that begins with http:// or https://. Using http://localhost:4318.`,
      ]);
    });
  }

  test('its credentials are not shown', () => {
    for (const text of ['ftp://me:hunter2@c', 'me:hunter2@c:1']) {
      assert.ok(!messages(general(text)).join('').includes('hunter2'), text);
    }
  });
});

test("a signal's own variable comes before the general one, an empty one does not count, headers add up", () => {
  const { metrics, logs, problems } = settings({
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'HTTP/Protobuf',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
    OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '',
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '3000',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'none',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=1, B = two%20words ,',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=3',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/client.pem',
    OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: '/client.key',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual([metrics?.protocol, logs?.protocol], ['http/json', 'http/protobuf']);
  assert.deepEqual([metrics?.timeoutMs, logs?.timeoutMs], [2000, 3000]);
  assert.deepEqual([metrics?.compression, logs?.compression], ['gzip', 'none']);
  assert.deepEqual(
    [metrics?.headers, logs?.headers],
    [
      { a: '1', b: '3' },
      { a: '1', b: 'two words' },
    ],
  );
  assert.deepEqual([metrics?.certificatePath, logs?.certificatePath], ['/ca.pem', '/ca.pem']);
  assert.deepEqual([metrics?.clientKeyPath, logs?.clientKeyPath], ['/client.key', undefined]);
  assert.equal(metrics?.clientCertificatePath, '/client.pem');
});

describe('events are sent', () => {
  const own = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c/v1/metrics' };
  const cases: readonly [why: string, env: Readonly<Record<string, string>>, url: string | undefined][] = [
    ['to the general endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, 'http://c/v1/logs'],
    ['not where only metrics have one', own, undefined],
    ['to one of their own', { ...own, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://l/x' }, 'http://l/x'],
    ['to the default where asked for', { ...own, OTEL_LOGS_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/logs'],
    ['not when switched off', { OTEL_LOGS_EXPORTER: 'none' }, undefined],
    ['not when somebody else is to send them', { OTEL_LOGS_EXPORTER: 'console' }, undefined],
  ];
  for (const [why, env, url] of cases) test(why, () => assert.equal(settings(env).logs?.url.href, url));
});

describe('a value that is none', () => {
  const cases: readonly [name: string, text: string, says: RegExp][] = [
    [
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'http',
      /must be one of http\/protobuf, http\/json, grpc\. Using http\/protobuf\.$/,
    ],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', /must be one of none, gzip\. Using none\.$/],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', /must be a whole number of milliseconds from 1 to 600000\. Using 10000\.$/],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '0', /Using 10000\.$/],
    ['OTEL_METRIC_EXPORT_INTERVAL', '10', /from 100 to 86400000\. Using 60000\.$/],
    ['OTEL_METRIC_EXPORT_INTERVAL', '1e3', /Using 60000\.$/],
    [
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
      'mixed',
      /cumulative, delta, lowmemory\. Using cumulative\.$/,
    ],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'hunter2', /pairs of HTTP headers .*Using none of it\.$/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a b=hunter2', /Using none of it\.$/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=hunter2%0d%0ax: y', /Using none of it\.$/],
    ['OTEL_EXPORTER_OTLP_METRICS_HEADERS', 'a=%zz', /Using none of it\.$/],
  ];
  for (const [name, text, says] of cases) {
    test(`${name}=${text} is told once, and the default is used`, () => {
      const [message = '', ...more] = messages({ [name]: text });
      assert.match(message, says);
      assert.ok(message.startsWith(`PLM_OPTION_INVALID: ${name} is `), message);
      assert.deepEqual(more, []);
      assert.ok(!message.includes('hunter2'), 'headers are secret');
      assert.deepEqual({ ...settings({ [name]: text }), problems: [] }, settings({}));
    });
  }
});

describe('gRPC', () => {
  test('named for all: neither signal is sent, and each line says what to set', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317' };
    const { metrics, logs } = settings(env);
    assert.deepEqual([metrics, logs], [undefined, undefined]);
    const [first = '', second = ''] = messages(env);
    assert.match(
      first,
      /^PLM_OTLP_GRPC: .* OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http\/protobuf and OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=https:\/\/c:4318\/v1\/metrics\. Using the Prometheus endpoint\.$/,
    );
    assert.match(second, /OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=https:\/\/c:4318\/v1\/logs\. Events are not sent/);
  });

  for (const text of ['http://c:4317', 'c:4317', 'grpc://c:4317']) {
    test(`meant by ${text}, whose port is gRPC's`, () => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: text };
      assert.equal(settings(env).metrics, undefined);
      assert.match(messages(env)[0] ?? '', /ENDPOINT=http:\/\/c:4318\/v1\/metrics/);
    });
  }

  test('named for events only', () => {
    const { metrics, logs, problems } = settings({ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' });
    assert.equal(metrics?.url.href, 'http://localhost:4318/v1/metrics');
    assert.equal(logs, undefined);
    assert.equal(problems.length, 1);
  });
});
