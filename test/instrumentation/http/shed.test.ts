/** Refused requests as clients of HTTP/1 meet them: real servers, connections that go on, bodies on their way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, Server, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, afterEach, beforeEach } from 'node:test';

import { OWN_SERVERS } from '../../../agent/model/own-servers.ts';
import { installHttpShedding } from '../../../instrumentation/http/shed.ts';
import { rawConnection } from '../../helpers/http-client.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const servers: Server[] = [];
let sheds = true;
let served: string[] = [];
let uninstall = (): void => {};

beforeEach(() => {
  sheds = true;
  served = [];
});
afterEach(() => {
  uninstall();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});
after(() => agent.destroy());

function install(): void {
  uninstall = installHttpShedding({
    exempt: ['/healthz', '/metrics'],
    shouldShed: () => sheds,
    retryAfterSeconds: () => 7,
  });
}

const serve: RequestListener = (incoming, response) => {
  served.push(incoming.url ?? '');
  incoming.resume().on('end', () => response.end('served'));
};

async function listening(server = createServer(serve)): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

interface Answer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly fromPort: number | undefined;
}

async function ask(port: number, path: string, method = 'GET', body: readonly Buffer[] = []): Promise<Answer> {
  const outgoing = request({ port, path, method, host: '127.0.0.1', agent });
  for (const part of body) outgoing.write(part);
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const fromPort = response.socket.localPort;
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, retryAfter: response.headers['retry-after'], body: text, fromPort };
}

test('a server, and a connection, that were there before refuse too; the application is not asked, and the connection goes on', async () => {
  const port = await listening();
  const first = await ask(port, '/before');
  install();
  const refused = await ask(port, '/refused');
  sheds = false;
  const later = await ask(port, '/after');
  assert.equal(refused.status, 503);
  assert.equal(refused.retryAfter, '7');
  assert.match(refused.body, /short of memory/);
  assert.deepEqual([first.body, later.body], ['served', 'served']);
  assert.deepEqual(served, ['/before', '/after']);
  assert.equal(new Set([first, refused, later].map(({ fromPort }) => fromPort)).size, 1);
});

test('what is exempt is served, and what is below it, with a query and in absolute form', async () => {
  install();
  const port = await listening();
  const exempt = ['/healthz', '/healthz?full', '/healthz/deep', `http://127.0.0.1:${port}/metrics`];
  const others = ['/', '/healthzz', '/api/healthz', '/?/healthz'];
  for (const path of [...exempt, ...others]) await ask(port, path);
  assert.deepEqual(served, exempt);
});

test('requests sent ahead of their answers are answered in their order', async () => {
  install();
  const port = await listening();
  const ahead = ['/a', '/healthz', '/b', '/metrics'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
  const { closed } = await rawConnection(port, `${ahead}GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const statuses = [...(await closed).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ['503', '200', '503', '200', '503']);
});

test('an upload that is refused gets its answer, and the next request goes over the same connection', async () => {
  install();
  const port = await listening();
  const parts = Array.from({ length: 50 }, () => Buffer.alloc(100_000, 'x'));
  const upload = await ask(port, '/upload', 'POST', parts);
  sheds = false;
  const next = await ask(port, '/next', 'POST', parts);
  assert.deepEqual([upload.status, next.status], [503, 200]);
  assert.equal(upload.fromPort, next.fromPort);
});

test('to HEAD it answers without a body', async () => {
  install();
  const { status, body } = await ask(await listening(), '/', 'HEAD');
  assert.deepEqual([status, body], [503, '']);
});

test('upgrades, CONNECT and what the application does with Expect pass', async () => {
  install();
  const server = createServer(serve);
  const port = await listening(server);
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (_request, socket: NodeJS.WritableStream) => socket.end(`HTTP/1.1 299 ${event}\r\n\r\n`));
  }
  server.on('checkContinue', (_request, response) => response.writeHead(299, 'continue').end());
  const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n';
  for (const [head, expected] of [
    [`GET / HTTP/1.1\r\n${headers}`, '299 upgrade'],
    ['CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', '299 connect'],
    ['POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n', '299 continue'],
  ] as const) {
    const { closed } = await rawConnection(port, head);
    assert.match(await closed, new RegExp(`^HTTP/1.1 ${expected}`));
  }
});

test('the servers of the agent itself refuse nobody, and are not counted', async () => {
  let asked = 0;
  uninstall = installHttpShedding({ exempt: [], shouldShed: () => ++asked > 0, retryAfterSeconds: () => 1 });
  const server = createServer(serve);
  OWN_SERVERS.add(server);
  assert.equal((await ask(await listening(server), '/')).status, 200);
  assert.equal(asked, 0);
});

test('taken off, nothing of it is left at a server', async () => {
  install();
  const server = createServer(serve);
  const port = await listening(server);
  assert.equal((await ask(port, '/')).status, 503);
  assert.equal(Object.hasOwn(server, 'emit'), true);
  assert.equal(Object.keys(server).includes('emit'), false);
  uninstall();
  assert.equal((await ask(port, '/')).status, 200);
  assert.equal(Object.hasOwn(server, 'emit'), false);
});

test('instrumentations that wrap emit, before or after, at the server or at its prototype, see what is served and nothing else', async () => {
  for (const isBefore of [true, false]) {
    for (const place of ['server', 'prototype'] as const) {
      const server = createServer(serve);
      const port = await listening(server);
      if (!isBefore) install();
      if (!isBefore) await ask(port, '/'); // met
      const seen: unknown[] = [];
      const target: Server = place === 'server' ? server : Server.prototype;
      const unwrap = wrapEmit(target, (event, incoming) => {
        if (event === 'request') seen.push((incoming as IncomingMessage).url);
      });
      if (isBefore) install();
      sheds = true;
      await ask(port, '/refused');
      sheds = false;
      assert.equal((await ask(port, '/served')).body, 'served');
      uninstall();
      await ask(port, '/uninstalled');
      unwrap();
      // one that is put over it at the server itself is asked first
      const all = !isBefore && place === 'server' ? ['/refused'] : [];
      assert.deepEqual(seen, [...all, '/served', '/uninstalled'], `${place} ${isBefore}`);
      agent.destroy();
    }
  }
});

/** As shimmer does it. */
function wrapEmit(target: Server, see: (event: unknown, first: unknown) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(target, 'emit');
  const { emit } = target;
  target.emit = function wrapped(this: Server, ...values: unknown[]) {
    see(values[0], values[1]);
    return Reflect.apply(emit, this, values) as boolean;
  };
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, 'emit');
    else Object.defineProperty(target, 'emit', own);
  };
}

test('a request that an application emits again, at another server, is decided upon once', async () => {
  sheds = false;
  install();
  const inner = createServer(serve);
  const innerPort = await listening(inner);
  await ask(innerPort, '/met');
  const outer = createServer((incoming, response) => {
    sheds = true;
    inner.emit('request', incoming, response);
  });
  assert.equal((await ask(await listening(outer), '/forwarded')).body, 'served');
});

test("a request of an application's own making passes", async () => {
  install();
  const seen: unknown[] = [];
  const server = createServer((incoming) => seen.push(incoming));
  await ask(await listening(server), '/met');
  server.emit('request', { url: '/' }, {});
  server.emit('request');
  assert.deepEqual(seen, [{ url: '/' }, undefined]);
});
