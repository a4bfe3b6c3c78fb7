/** Refused requests as clients of HTTP/2, and of TLS, meet them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer as createSecureServer, request } from 'node:https';
import {
  connect,
  createSecureServer as createSecureHttp2Server,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import { installHttpShedding } from '../../../instrumentation/http/shed.ts';

let sheds = true;
let uninstall = (): void => {};
const ends: (() => void)[] = [];

beforeEach(() => {
  sheds = true;
  uninstall = installHttpShedding({ exempt: ['/healthz'], shouldShed: () => sheds, retryAfterSeconds: () => 7 });
});
afterEach(() => {
  uninstall();
  for (const end of ends.splice(0).toReversed()) end();
});

const serve = (_request: unknown, response: { end(text: string): unknown }): unknown => response.end('served');

async function listening(server: Server): Promise<number> {
  ends.push(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function session(origin: string): ClientHttp2Session {
  const client = connect(origin, { rejectUnauthorized: false });
  ends.push(() => client.destroy());
  return client;
}

async function ask(client: ClientHttp2Session, path: string, body?: Buffer) {
  const stream = client.request({ ':path': path, ':method': body === undefined ? 'GET' : 'POST' });
  stream.end(body);
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  const text = (await stream.setEncoding('utf8').toArray()).join('');
  if (!stream.closed) await once(stream, 'close');
  return { status: headers[':status'], retryAfter: headers['retry-after'], body: text };
}

test('a server of HTTP/2 refuses, an upload too, and its session goes on', async () => {
  const client = session(`http://127.0.0.1:${await listening(createServer(serve))}`);
  const refused = await ask(client, '/');
  const upload = await ask(client, '/', Buffer.alloc(3_000_000));
  const exempt = await ask(client, '/healthz');
  sheds = false;
  const served = await ask(client, '/');
  assert.deepEqual([refused.status, refused.retryAfter], [503, '7']);
  assert.match(refused.body, /short of memory/);
  assert.deepEqual([upload.status, exempt.status, served.body], [503, 200, 'served']);
});

test('a server that takes the streams of HTTP/2 as they are is left alone', async () => {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('served');
  });
  assert.equal((await ask(session(`http://127.0.0.1:${await listening(server)}`), '/')).body, 'served');
  assert.equal(Object.hasOwn(server, 'emit'), false);
});

test('over TLS: HTTP/1, HTTP/2, and both of one server', { skip: whyNoOpenssl() }, async () => {
  const tls = makeCertificate();
  const both = await listening(createSecureHttp2Server({ ...tls, allowHTTP1: true }, serve));
  const first = await listening(createSecureServer(tls, serve));
  const second = await listening(createSecureHttp2Server(tls, serve));
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  ends.push(() => agent.destroy());
  for (const port of [both, second]) {
    const client = session(`https://127.0.0.1:${port}`);
    assert.equal((await ask(client, '/')).status, 503);
    assert.equal((await ask(client, '/healthz')).status, 200);
  }
  for (const port of [both, first]) {
    for (const [path, status] of [
      ['/', 503],
      ['/healthz', 200],
    ] as const) {
      const [response] = (await once(request({ port, path, host: '127.0.0.1', agent }).end(), 'response')) as [
        IncomingMessage,
        ServerResponse,
      ];
      response.resume();
      assert.equal(response.statusCode, status);
    }
  }
});

function makeCertificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-shed-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  const options = { cwd: folder, stdio: 'ignore' } as const;
  execFileSync('openssl', ['req', '-x509', ...curve, '-subj', '/CN=127.0.0.1', '-days', '2', ...files], options);
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { key: read('key.pem'), cert: read('cert.pem') };
}

function whyNoOpenssl(): string | false {
  return spawnSync('openssl', ['version']).error !== undefined && 'openssl is not installed';
}
