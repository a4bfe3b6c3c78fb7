/** Who is let in, and how the others are told. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { systemClock } from '../../../../agent/sample/clock.ts';
import { startApi } from '../../../../agent/sidecar/api/index.ts';
import { ROUTES } from '../../../../agent/sidecar/api/routes.ts';
import { BEARER, openApiScene, problemOf, TOKEN } from '../../../helpers/api-scene.ts';
import { createScriptedFleet } from '../../../helpers/scripted-fleet.ts';

const STATUS = '/api/v1/memory/status';

test('with a token set, every route and the description ask for it, and a wrong one is told apart', async (context) => {
  const page = new Map([['/', { type: 'text/html', body: '<title>page</title>' }]]);
  // more than ten wrong ones would be stopped
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 60_000) };
  const scene = await openApiScene(context, { withToken: true, page, clock });
  for (const { method, path } of [...ROUTES, { method: 'GET', path: '/no/such/route' }]) {
    const reply = await scene.get(`/api/v1${path}`, { method });
    assert.equal(problemOf(reply), '401 PLM_API_UNAUTHORIZED', path);
    assert.equal(reply.headers['www-authenticate'], 'Bearer realm="plimsoll"');
  }
  assert.equal(problemOf(await scene.get('/openapi.json')), '401 PLM_API_UNAUTHORIZED');
  for (const wrong of ['Bearer 0123456789abcdef', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN, 'Bearer ', '']) {
    const reply = await scene.get(STATUS, { headers: { authorization: wrong } });
    assert.equal(problemOf(reply), '401 PLM_API_UNAUTHORIZED', wrong);
    assert.match(reply.headers['www-authenticate'] ?? '', /error="invalid_token"/);
    assert.doesNotMatch(reply.body.toString(), new RegExp(TOKEN));
  }
  assert.equal(problemOf(await scene.get(`${STATUS}?access_token=${TOKEN}`)), '401 PLM_API_UNAUTHORIZED');
  assert.equal((await scene.get(STATUS, { headers: BEARER })).status, 200);
  assert.equal((await scene.get('/')).status, 200);
});

test('a token in the query is no way in: it is a parameter that nobody knows', async (context) => {
  const scene = await openApiScene(context);
  assert.equal(problemOf(await scene.get(`${STATUS}?token=x`)), '400 PLM_API_PARAMETER');
});

test('who has no token is stopped after ten attempts; who has it is not', async (context) => {
  const scene = await openApiScene(context, { withToken: true });
  const answers: string[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const reply = await scene.get(STATUS, { headers: { authorization: 'Bearer guess' } });
    answers.push(problemOf(reply));
    if (reply.status === 429) assert.ok(Number(reply.headers['retry-after']) >= 1);
  }
  assert.deepEqual(answers, [
    ...Array.from({ length: 10 }, () => '401 PLM_API_UNAUTHORIZED'),
    '429 PLM_API_TOO_MANY',
    '429 PLM_API_TOO_MANY',
  ]);
  assert.equal((await scene.get(STATUS, { headers: BEARER })).status, 200);
});

test('an address that asks without end is told when to come back', async (context) => {
  const scene = await openApiScene(context, { clock: { ...systemClock, monotonicMs: () => 1000 } });
  const replies = await Promise.all(Array.from({ length: 10 }, async () => await burst()));
  const statuses = replies.flat();
  assert.equal(statuses.filter((status) => status === 200).length, 500);
  assert.equal(statuses.filter((status) => status === 429).length, 10);

  async function burst(): Promise<number[]> {
    const found: number[] = [];
    for (let i = 0; i < 51; i += 1) found.push((await scene.get('/api/v1/memory/stages')).status);
    return found;
  }
});

test('a foreign Host is refused, so that no name that points here makes a page of its owner one of ours', async (context) => {
  const scene = await openApiScene(context);
  for (const host of ['evil.example', 'evil.example:19465', '169.254.169.254', 'localhost.evil.example', '[::2]']) {
    const reply = await scene.get(STATUS, { headers: { host } });
    assert.equal(problemOf(reply), '403 PLM_API_FOREIGN', host);
  }
  for (const host of ['127.0.0.1@evil.example', 'a b']) {
    const reply = await scene.get(STATUS, { headers: { host } });
    assert.equal(problemOf(reply), '400 PLM_API_REQUEST', host);
  }
  for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '127.9.9.9', '[::1]:19465']) {
    assert.equal((await scene.get(STATUS, { headers: { host } })).status, 200, host);
  }
});

test('a page of another origin is refused, whatever its browser says of it', async (context) => {
  const scene = await openApiScene(context);
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://127.0.0.1:${scene.port + 1}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ];
  for (const headers of foreign) {
    const reply = await scene.get(STATUS, { headers });
    assert.equal(problemOf(reply), '403 PLM_API_FOREIGN', JSON.stringify(headers));
  }
  const own = [
    { origin: `http://127.0.0.1:${scene.port}` },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ];
  for (const headers of own) {
    const reply = await scene.get(STATUS, { headers });
    assert.equal(reply.status, 200, JSON.stringify(headers));
    assert.deepEqual(
      Object.keys(reply.headers).filter((name) => name.startsWith('access-control')),
      [],
    );
  }
});

test('what changes something answers only with a token and PLIMSOLL_API_WRITE=on; captures only with a token', async (context) => {
  const headers = { 'content-type': 'application/json' };
  const writes = ROUTES.filter(({ access }) => access === 'write');
  assert.ok(writes.length >= 4);
  const open = await openApiScene(context, { write: 'on' });
  assert.match(open.problems[0]?.message ?? '', /PLIMSOLL_API_WRITE is on, and PLIMSOLL_API_TOKEN_FILE is not set/);
  for (const { method, path } of writes) {
    assert.equal(problemOf(await open.get(`/api/v1${path}`, { method, headers })), '403 PLM_API_NEEDS_TOKEN');
  }
  assert.equal(problemOf(await open.get('/api/v1/captures')), '403 PLM_API_NEEDS_TOKEN');
  assert.equal(problemOf(await open.get('/api/v1/captures/x')), '403 PLM_API_NEEDS_TOKEN');
  const closed = await openApiScene(context, { withToken: true });
  for (const { method, path } of writes) {
    const reply = await closed.get(`/api/v1${path}`, { method, headers: { ...headers, ...BEARER } });
    assert.equal(problemOf(reply), '403 PLM_API_WRITE_OFF');
  }
  assert.equal((await closed.get('/api/v1/captures', { headers: BEARER })).status, 200);
});

test('beyond loopback it does not listen without a token; with one it answers to any name', async (context) => {
  const problems: string[] = [];
  const api = await startApi({
    options: { apiListen: { host: '0.0.0.0', port: 0 }, apiTokenFile: undefined, apiWrite: 'off' },
    fleet: createScriptedFleet(),
    clock: systemClock,
    dataDirectory: '/nowhere',
    page: new Map(),
    onProblem: ({ code, message }) => problems.push(`${code} ${message}`),
  });
  await api?.stop();
  assert.equal(api, undefined);
  assert.match(problems.join('\n'), /^PLM_API_TOKEN PLIMSOLL_API_LISTEN is 0\.0\.0\.0, which others can reach/);
  const scene = await openApiScene(context, { host: '0.0.0.0', withToken: true });
  const named = await scene.get(STATUS, { headers: { host: 'plimsoll.shop.svc:19465', ...BEARER } });
  assert.equal(named.status, 200);
});

test('an address of another machine is told with what it must be, and the sidecar goes on', async (context) => {
  const { tokenFile } = await openApiScene(context);
  const problems: string[] = [];
  const api = await startApi({
    options: { apiListen: { host: '203.0.113.1', port: 19465 }, apiTokenFile: tokenFile, apiWrite: 'off' },
    fleet: createScriptedFleet(),
    clock: systemClock,
    dataDirectory: '/nowhere',
    page: new Map(),
    onProblem: ({ code, message }) => problems.push(`${code} ${message}`),
  });
  await api?.stop();
  assert.equal(api?.url(), undefined);
  assert.match(
    problems.join('\n'),
    /^PLM_API_LISTEN PLIMSOLL_API_LISTEN is 203\.0\.113\.1:19465: .*EADDRNOTAVAIL.* Must be a free port .* tries again each second\.$/,
  );
});

test('a token file that is changed counts from then on; one that became useless leaves the old token in force', async (context) => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 60_000) };
  const scene = await openApiScene(context, { withToken: true, clock });
  const status = async (token: string): Promise<number> =>
    (await scene.get(STATUS, { headers: { authorization: `Bearer ${token}` } })).status;
  const next = 'another-token-of-24-chars';
  writeFileSync(scene.tokenFile, next);
  assert.deepEqual([await status(TOKEN), await status(next)], [401, 200]);
  writeFileSync(scene.tokenFile, '');
  assert.deepEqual([await status(next), await status(next)], [200, 200]);
  assert.deepEqual(
    scene.problems.map(({ code }) => code),
    ['PLM_API_TOKEN'],
  );
});

test('a token file that is no secret, or holds none, is refused with the sentence that repairs it', async (context) => {
  const scene = await openApiScene(context);
  const path = join(scene.dataDirectory, 'bad');
  const refusals: readonly (readonly [content: string, mode: number, why: RegExp])[] = [
    ['', 0o600, /at least 16 characters/],
    ['   \n', 0o600, /at least 16 characters/],
    ['short', 0o600, /at least 16 characters/],
    ['two words of enough characters', 0o600, /one line/],
    ['x'.repeat(5000), 0o600, /no token, it has 5000 bytes/],
    [TOKEN, 0o644, /every user can read it.*chmod o-r/],
  ];
  for (const [content, mode, why] of refusals) {
    writeFileSync(path, content);
    chmodSync(path, mode);
    assert.match(await problemWith(path), why);
  }
  assert.match(await problemWith(join(scene.dataDirectory, 'missing')), /cannot be read \(ENOENT/);
});

async function problemWith(apiTokenFile: string): Promise<string> {
  const problems: string[] = [];
  const api = await startApi({
    options: { apiListen: { host: '127.0.0.1', port: 0 }, apiTokenFile, apiWrite: 'off' },
    fleet: createScriptedFleet(),
    clock: systemClock,
    dataDirectory: '/nowhere',
    page: new Map(),
    onProblem: ({ code, message }) => problems.push(`${code} ${message}`),
  });
  await api?.stop();
  assert.equal(api, undefined);
  return problems.join('\n');
}
