/** What is not a request that can be answered: the right status, a problem document, and nothing about the inside. */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { RefusalStatus } from '../../../../agent/sidecar/api/refusal.ts';
import { ROUTES } from '../../../../agent/sidecar/api/routes.ts';
import { createApiServer } from '../../../../agent/sidecar/api/server.ts';
import { BEARER, jsonOf, openApiScene, problemOf } from '../../../helpers/api-scene.ts';
import { rawConnection, type Ask } from '../../../helpers/http-client.ts';
import { createScriptedFleet } from '../../../helpers/scripted-fleet.ts';

const STATUS = '/api/v1/memory/status';
const HISTORY = '/api/v1/memory/history';

test('each parameter that cannot be read is named, with what it was and what it may be', async (context) => {
  const scene = await openApiScene(context);
  const stories: readonly (readonly [path: string, says: RegExp])[] = [
    [`${HISTORY}?since=yesterday`, /^since is "yesterday", must be a duration back from now/],
    [`${HISTORY}?since=5`, /^since is "5", must be/],
    [`${HISTORY}?until=2026-13-45T00:00:00Z`, /^until is/],
    [`${HISTORY}?resolution=2s`, /^resolution is "2s", must be one of raw, 1s, 10s, 60s/],
    [`${HISTORY}?limit=0`, /^limit is "0", must be a whole number from 1 to 1000/],
    [`${HISTORY}?limit=1001`, /^limit is "1001"/],
    [`${HISTORY}?limit=1e2`, /^limit is "1e2"/],
    [`${HISTORY}?cursor=../../etc`, /^cursor is ".*", must be `next` of the page before/],
    [`${HISTORY}?process=`, /^process is "", must be a text of 1 to 256 characters/],
    [`${HISTORY}?stage=${'x'.repeat(257)}`, /^stage is "x+…, must be/],
    [`${HISTORY}?limit=1&limit=2`, /^limit is \["1","2"\], must be given once/],
    [`${HISTORY}?sinc=10m`, /^"sinc" is no parameter of this route, must be one of since, until/],
    [`${HISTORY}?__proto__=1`, /^"__proto__" is no parameter/],
    [`${STATUS}?hasOwnProperty=1`, /^"hasOwnProperty" is no parameter of this route, must be one of instance, process/],
    ['/api/v1/memory/components?x=1', /^"x" is no parameter of this route, must be none/],
  ];
  for (const [path, says] of stories) {
    const reply = await scene.get(path);
    assert.equal(problemOf(reply), '400 PLM_API_PARAMETER', path);
    assert.match((jsonOf(reply) as { detail: string }).detail, says);
  }
});

test('each body that is no JSON object of the right fields is refused, and none of it is done', async (context) => {
  let asked = 0;
  const fleet = createScriptedFleet();
  const member = fleet.add({});
  const counted = { ...member, control: () => void (asked += 1) };
  const scene = await openApiScene(context, {
    fleet: { ...fleet, members: () => [counted] },
    withToken: true,
    write: 'on',
  });
  const json = { 'content-type': 'application/json' };
  const stories: readonly (readonly [body: string, headers: Readonly<Record<string, string>>, problem: string])[] = [
    ['{"level":', json, '400 PLM_API_BODY'],
    ['{"level":"high"}', { 'content-type': 'text/plain' }, '415 PLM_API_BODY'],
    ['level=high', { 'content-type': 'application/x-www-form-urlencoded' }, '415 PLM_API_BODY'],
    ['{"level":"high"}', {}, '415 PLM_API_BODY'],
    ['{}', json, '400 PLM_API_PARAMETER'],
    ['', {}, '400 PLM_API_PARAMETER'],
    ['[]', json, '400 PLM_API_PARAMETER'],
    ['null', json, '400 PLM_API_PARAMETER'],
    ['{"level":"worst"}', json, '400 PLM_API_PARAMETER'],
    ['{"level":["high"]}', json, '400 PLM_API_PARAMETER'],
    ['{"level":"high","forMs":1.5}', json, '400 PLM_API_PARAMETER'],
    ['{"level":"high","forMs":1e9}', json, '400 PLM_API_PARAMETER'],
    ['{"level":"high","__proto__":{"forMs":1}}', json, '400 PLM_API_PARAMETER'],
    [`{"level":"${'x'.repeat(16_384)}"}`, json, '413 PLM_API_BODY'],
    [`{"level":"${'x'.repeat(16_384)}"}`, { ...json, 'transfer-encoding': 'chunked' }, '413 PLM_API_BODY'],
  ];
  for (const [body, headers, problem] of stories) {
    const reply = await scene.get('/api/v1/drills', { method: 'POST', headers: { ...BEARER, ...headers }, body });
    assert.equal(problemOf(reply), problem, body.slice(0, 60));
  }
  assert.equal(asked, 0);
  const good = { method: 'POST', headers: { ...BEARER, ...json }, body: '{"level":"high"}' };
  assert.equal(problemOf(await scene.get('/api/v1/drills', good)), '503 PLM_API_UNREACHABLE');
  assert.equal(asked, 1);
});

test('what is not there is 404, another method is 405 and names those there are', async (context) => {
  const scene = await openApiScene(context);
  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/api/v2/memory/status',
    '/metrics',
    '/api/v1/postmortems/x',
    '/api/v1/cache/stats/x',
  ]) {
    assert.equal(problemOf(await scene.get(path)), '404 PLM_API_NOT_FOUND', path);
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const methods = ROUTES.filter((route) => route.path === path).map(({ method }) => method);
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'POST', 'DELETE', 'GET'].filter(
      (one) => !methods.some((known) => known === one),
    )) {
      const reply = await scene.get(`/api/v1${path}`, { method });
      assert.equal(problemOf(reply), '405 PLM_API_METHOD', `${method} ${path}`);
      assert.equal(reply.headers.allow, methods.join(', '));
    }
  }
});

test('what is too long is refused before anything else looks at it', async (context) => {
  const scene = await openApiScene(context);
  assert.equal(problemOf(await scene.get(`${HISTORY}?stage=${'x'.repeat(2100)}`)), '414 PLM_API_TOO_LONG');
  assert.equal(problemOf(await scene.get(`${HISTORY}?stage=${'x'.repeat(9000)}`)), '431 PLM_API_TOO_LONG');
  const headers = { 'x-long': 'x'.repeat(9000) };
  assert.equal(problemOf(await scene.get(STATUS, { headers })), '431 PLM_API_TOO_LONG');
});

test('what is not HTTP, or another form of target, gets an answer and no connection', async (context) => {
  const { port } = await openApiScene(context);
  const stories: readonly (readonly [bytes: string, status: RefusalStatus])[] = [
    ['hello\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [`GET http://localhost${STATUS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 400],
    [`GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 400],
    [`GET ${STATUS} HTTP/1.0\r\n\r\n`, 400],
    [`POST ${STATUS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ];
  for (const [bytes, status] of stories) {
    const { closed } = await rawConnection(port, bytes);
    const text = await closed;
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), bytes);
    if (!bytes.startsWith('GET / ')) assert.match(text, /application\/problem\+json/i, bytes);
  }
});

test('whoever sends its headers a byte at a time is cut off', async () => {
  const server = createApiServer(() => Promise.reject(new Error('nothing whole was asked')), {
    headersMs: 100,
    requestMs: 10_000,
    lookEachMs: 20,
  });
  const bound = await server.listen({ host: '127.0.0.1', port: 0 });
  assert.ok('url' in bound);
  const { socket, closed } = await rawConnection(Number(new URL(bound.url).port), 'GET / HTTP/1.1\r\n');
  const dripping = setInterval(() => socket.write('x'), 10);
  assert.match(await closed, /^HTTP\/1\.1 408 Request Timeout[\s\S]*PLM_API_REQUEST/);
  clearInterval(dripping);
  await server.close();
});

test('a route that fails answers 500 and tells nothing of the inside; the sidecar is told', async (context) => {
  const fleet = createScriptedFleet();
  const failing = (): never => {
    throw new Error('ENOENT: /secret/place');
  };
  const scene = await openApiScene(context, { fleet: { ...fleet, members: failing } });
  const reply = await scene.get(STATUS);
  assert.equal(problemOf(reply), '500 PLM_API_FAILED');
  assert.doesNotMatch(reply.body.toString(), /secret|ENOENT|at /);
  assert.match(scene.problems[0]?.message ?? '', /secret/);
});

test('every answer says that it may not be kept, framed, read from elsewhere or taken for something else', async (context) => {
  const scene = await openApiScene(context);
  const head: Partial<Ask> = { method: 'HEAD' };
  for (const reply of [await scene.get(STATUS), await scene.get('/nowhere'), await scene.get(STATUS, head)]) {
    const { headers } = reply;
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  }
  const answer = await scene.get(STATUS, head);
  assert.deepEqual([answer.status, answer.body.length], [200, 0]);
  assert.equal((await scene.get('/api/v1/events', head)).headers['content-type'], 'text/event-stream');
});
