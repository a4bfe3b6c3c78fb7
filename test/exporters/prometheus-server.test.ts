import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

import type { Problem } from '../../agent/model/problem.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createPrometheusServer, type PrometheusServerOptions } from '../../exporters/prometheus-server.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { ask, rawConnection } from '../helpers/http-client.ts';
import { IDENTITY, ordinarySnapshot, rowOf, worstCaseSnapshot } from '../helpers/snapshot.ts';

const NOW_MS = 60_500;

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

function optionsWith(changes: Partial<PrometheusServerOptions> = {}): PrometheusServerOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    tier: 'core',
    snapshot: ordinarySnapshot,
    container: '',
    isNumbered: false,
    isChild: false,
    clock: { ...systemClock, monotonicMs: () => NOW_MS },
    onProblem: (found) => assert.fail(found.message),
    ...changes,
  };
}

async function listening(t: TestContext, changes: Partial<PrometheusServerOptions> = {}): Promise<Listening> {
  const server = createPrometheusServer(optionsWith(changes));
  t.after(() => server.close());
  const address = await server.start();
  assert.ok(address, 'it listens');
  return { port: address.port, close: () => server.close() };
}

test('GET /metrics answers the text with the type of the format', async (t) => {
  const { port } = await listening(t);
  const { status, headers, body } = await ask({ port, path: '/metrics?debug=1' });
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(headers['connection'], 'close');
  assert.equal(body.toString(), createPrometheusText('core')(ordinarySnapshot()));
});

test('a scraper that takes gzip gets it, one that refuses it does not', async (t) => {
  const { port } = await listening(t, { tier: 'full' });
  const plain = createPrometheusText('full')(ordinarySnapshot());
  for (const accept of ['gzip', 'deflate, gzip;q=0.5', '*', 'GZIP']) {
    const { headers, body } = await ask({ port, path: '/metrics', headers: { 'accept-encoding': accept } });
    assert.equal(headers['content-encoding'], 'gzip', accept);
    assert.equal(gunzipSync(body).toString(), plain);
    assert.ok(body.length < plain.length / 4);
  }
  for (const accept of ['identity', 'gzip;q=0', '*, gzip;q=0', '', 'deflate, br']) {
    const { headers, body } = await ask({ port, path: '/metrics', headers: { 'accept-encoding': accept } });
    assert.equal(headers['content-encoding'], undefined, accept);
    assert.equal(body.toString(), plain);
  }
});

test('a text in core is sent plain, so that no zlib is loaded for it', async (t) => {
  const { port } = await listening(t, { snapshot: worstCaseSnapshot });
  const { headers } = await ask({ port, path: '/metrics', headers: { 'accept-encoding': 'gzip' } });
  assert.equal(headers['content-encoding'], undefined);
});

test('HEAD has the headers of GET and no body', async (t) => {
  const { port } = await listening(t);
  const get = await ask({ port, path: '/metrics' });
  const head = await ask({ port, path: '/metrics', method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal(head.headers['content-type'], get.headers['content-type']);
  assert.equal(head.body.length, 0);
});

test('any other method is refused with the ones that are allowed', async (t) => {
  const { port } = await listening(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers } = await ask({ port, path: '/metrics', method, body: 'x'.repeat(100_000) });
    assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD'], method);
  }
});

test('an unknown path names the known ones', async (t) => {
  const { port } = await listening(t);
  const { status, body } = await ask({ port, path: '/' });
  assert.equal(status, 404);
  assert.match(body.toString(), /\/metrics, \/healthz or \/readyz/);
});

test('any Host is served, and none at all', async (t) => {
  const { port } = await listening(t);
  const { status } = await ask({ port, path: '/healthz', headers: { host: 'shop.example:80' } });
  assert.equal(status, 200);
  const bare = await rawConnection(port, 'GET /healthz HTTP/1.1\r\n\r\n');
  assert.match(await bare.closed, /^HTTP\/1\.1 200 OK/);
});

test('/readyz is ready from the first sample on, as long as samples keep coming at the announced pace', async (t) => {
  let row = rowOf({});
  const { port } = await listening(t, {
    snapshot: () => ({ ...ordinarySnapshot(), row, degraded: [], actions: [] }),
  });
  async function ready(): Promise<string> {
    const { status, body } = await ask({ port, path: '/readyz' });
    return `${status} ${body.toString()}`;
  }
  assert.equal(await ready(), '503 no sample yet\n');
  row = rowOf({ monotonicMs: NOW_MS - 3000, agentIntervalSeconds: 1 });
  assert.equal(await ready(), '200 ok\n');
  row = rowOf({ monotonicMs: NOW_MS - 3001, agentIntervalSeconds: 1 });
  assert.equal(await ready(), '503 the newest sample is 3001 ms old\n');
  row = rowOf({ monotonicMs: NOW_MS - 3001, agentIntervalSeconds: 10 });
  assert.equal(await ready(), '200 ok\n');
});

test('what is no HTTP, or too long, is refused and closed', async (t) => {
  const { port } = await listening(t);
  const garbage = await rawConnection(port, 'SSH-2.0-OpenSSH_9.9\r\n\r\n');
  assert.match(await garbage.closed, /^HTTP\/1\.1 400 /);
  const long = await rawConnection(port, `GET /metrics HTTP/1.1\r\nCookie: ${'a'.repeat(20_000)}\r\n\r\n`);
  assert.match(await long.closed, /^HTTP\/1\.1 431 /);
  assert.equal((await ask({ port, path: '/healthz' })).status, 200);
});

test('requests that are pipelined behind the first cost no text', async (t) => {
  let asked = 0;
  const { port } = await listening(t, {
    snapshot() {
      asked += 1;
      return ordinarySnapshot();
    },
  });
  const greedy = await rawConnection(port, 'GET /metrics HTTP/1.1\r\n\r\n'.repeat(50));
  assert.equal((await greedy.closed).match(/^HTTP\/1\.1 200 OK/gm)?.length, 1);
  assert.equal(asked, 1);
});

test('a snapshot that throws costs the scraper a 500 and nobody else anything', async (t) => {
  let broken = true;
  const { port } = await listening(t, {
    snapshot() {
      if (broken) throw new Error('no row');
      return ordinarySnapshot();
    },
  });
  const failed = await ask({ port, path: '/metrics' });
  assert.deepEqual([failed.status, failed.body.toString()], [500, 'Error: no row\n']);
  assert.equal((await ask({ port, path: '/readyz' })).status, 500);
  broken = false;
  assert.equal((await ask({ port, path: '/metrics' })).status, 200);
});

test('who hangs, drips or does not read is cut off after five seconds; others wait until there is room', async (t) => {
  const bulky = { ...IDENTITY, resource: { filler: 'x'.repeat(30_000_000) } }; // more than the socket buffers take
  const { port } = await listening(t, { snapshot: () => ({ ...ordinarySnapshot(), identity: bulky }) });
  const startedMs = performance.now();

  const silent = await rawConnection(port, '');
  const halfway = await rawConnection(port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n');
  const reader = await rawConnection(port, 'GET /metrics HTTP/1.1\r\n\r\n', true);
  const dripping = await rawConnection(port, 'GET /');
  const drip = setInterval(() => dripping.socket.write('a'), 200);
  t.after(() => clearInterval(drip));
  const fill = await Promise.all(Array.from({ length: 12 }, () => rawConnection(port, 'GET ')));

  const tooMany = await rawConnection(port, 'GET /healthz HTTP/1.1\r\n\r\n');
  assert.equal(await tooMany.closed, '', 'the 17th connection is dropped');
  assert.ok(performance.now() - startedMs < 4000, 'and at once');

  // a reader that paused learns of the cut when it reads on
  setTimeout(() => reader.socket.resume(), 5500 - (performance.now() - startedMs));
  await Promise.all([silent, halfway, dripping, reader, ...fill].map(({ closed }) => closed));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs > 4000 && tookMs < 9000, `cut off after ${tookMs} ms`);
  assert.ok(reader.socket.bytesRead < 30_000_000, 'the slow reader did not get it all');
  assert.equal((await ask({ port, path: '/healthz' })).status, 200);
});

test('close releases the port, the connections and the timers at once', async (t) => {
  const server = createPrometheusServer(optionsWith());
  const address = await server.start();
  assert.ok(address);
  const hanging = await rawConnection(address.port, 'GET ');
  const open = tcpHandles();
  await ask({ port: address.port, path: '/metrics', headers: { 'accept-encoding': 'gzip' } });
  await server.close();
  await server.close();
  await hanging.closed;
  assert.ok(open >= 3, 'the listener and both ends of the connection');
  assert.equal(tcpHandles(), open - 3);
  const again = await listening(t, { listen: { host: '127.0.0.1', port: address.port } });
  assert.equal(again.port, address.port);
});

/** Open TCP handles, those that keep nothing alive too. */
function tcpHandles(): number {
  const { libuv } = process.report.getReport() as { libuv: readonly { type: string }[] };
  return libuv.filter(({ type }) => type === 'tcp').length;
}

test('a closed server does not come up again, even when it was closed while it started', async () => {
  const said: string[] = [];
  const server = createPrometheusServer(optionsWith({ onListening: (address) => said.push(address) }));
  const starting = server.start();
  await server.close();
  assert.equal(await starting, undefined);
  assert.deepEqual(said, []);
});

test('a taken port is one problem with its repair; it is tried again quietly and its recovery is told', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const occupant = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => {
    occupant.listen(0, '127.0.0.1', resolve);
  });
  const { port } = occupant.address() as AddressInfo;
  const problems: Problem[] = [];
  const events = new EventEmitter();
  const told = once(events, 'problem');
  const recovered: string[] = [];
  const server = createPrometheusServer(
    optionsWith({
      listen: { host: '127.0.0.1', port },
      onProblem(found) {
        problems.push(found);
        events.emit('problem');
      },
      onListening: (address) => recovered.push(address),
    }),
  );
  t.after(() => server.close());

  assert.equal(await server.start(), undefined);
  await told;
  const [outcome] = problems;
  assert.equal(outcome?.code, 'PLM_LISTEN_FAILED');
  assert.match(outcome.message, new RegExp(`^PLIMSOLL_LISTEN is 127\\.0\\.0\\.1:${port}: the port is taken`));
  assert.match(outcome.message, /Must be .* Nothing is exported, sensing goes on; it is tried again every minute\.$/);

  const askedAgain = once(occupant, 'request');
  t.mock.timers.tick(60_000);
  await askedAgain;
  occupant.closeAllConnections();
  occupant.close();
  await once(occupant, 'close');
  while (recovered.length === 0) {
    t.mock.timers.tick(60_000);
    await new Promise(setImmediate);
  }
  assert.deepEqual(recovered, [`127.0.0.1:${port}`]);
  assert.deepEqual(problems, [outcome], 'still only one');
  assert.equal((await ask({ port, path: '/healthz' })).status, 200);
});

test('an address that is not of this machine is a problem that says so', async (t) => {
  const problems: Problem[] = [];
  const listen = { host: '192.0.2.1', port: 0 }; // TEST-NET-1, RFC 5737
  const server = createPrometheusServer(optionsWith({ listen, onProblem: (found) => problems.push(found) }));
  t.after(() => server.close());
  assert.equal(await server.start(), undefined);
  assert.match(problems[0]?.message ?? '', /192\.0\.2\.1:0: the address is not one of this machine/);
});

test('[::] is reached by IPv4 too', async (t) => {
  const said: string[] = [];
  const { port } = await listening(t, {
    listen: { host: '::', port: 0 },
    onListening: (address) => said.push(address),
  });
  assert.equal((await ask({ port, path: '/healthz' })).status, 200);
  assert.ok([`[::]:${port}`, `0.0.0.0:${port}`].includes(said[0] ?? ''), said[0]);
});

test('an instrumentation that patches http.Server sees none of our requests', async (t) => {
  const seen: string[] = [];
  t.after(() => Reflect.deleteProperty(Server.prototype, 'emit'));
  Server.prototype.emit = function patched(this: Server, event: string, ...values: unknown[]) {
    seen.push(event);
    return EventEmitter.prototype.emit.call(this, event, ...values);
  };
  const { port } = await listening(t);
  assert.equal((await ask({ port, path: '/metrics' })).status, 200);
  assert.deepEqual(seen, []);
});
