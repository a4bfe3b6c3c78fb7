/** The mounted routes on a real server, with an agent that is a few real parts. */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';

import { AGENT_SYMBOL, IDLE_STATUS, IDLE_ASSESSMENT, type AgentHandle } from '../../../agent/model/handle.ts';
import { NOTHING_RECLAIMED } from '../../../agent/model/reclaim.ts';
import { WINDOW_COLUMNS, type HistoryRow } from '../../../agent/model/window.ts';
import { handler, type HandlerOptions } from '../../../exporters/mounted/handler.ts';
import { createPressureCaches } from '../../../instrumentation/caches/pressure-cache.ts';
import { ask as sendTo } from '../../helpers/http-client.ts';
import { createTestParts } from '../../helpers/pressure-cache-parts.ts';

const pressureCache = createPressureCaches(createTestParts());
const START_MS = Date.parse('2026-01-31T12:00:00Z');
const empty = Object.fromEntries(WINDOW_COLUMNS.map((column) => [column, undefined])) as unknown as HistoryRow;
const rows: readonly HistoryRow[] = Array.from({ length: 600 }, (_, index) => ({
  ...empty,
  wallMs: START_MS + index * 1000,
  level: index % 4,
}));

/** What it was asked. */
const calls: unknown[] = [];
const agent: Pick<AgentHandle, 'status' | 'history' | 'caches' | 'clearCaches' | 'reclaim'> = {
  status: () => ({
    ...IDLE_STATUS,
    available: true,
    mode: 'protect',
    assessment: { ...IDLE_ASSESSMENT, level: 2, pressureRatio: 0.83 },
  }),
  history: ({ sinceMs = Infinity, resolution } = {}) => {
    calls.push({ resolution });
    return rows.slice(-Math.min(rows.length, sinceMs / 1000));
  },
  caches: () => [],
  async clearCaches(name) {
    calls.push({ clear: name });
    return name === 'unknown' ? [] : [{ name: name ?? 'lru', entries: 3, bytes: 300 }];
  },
  async reclaim(targetBytes) {
    calls.push({ reclaim: targetBytes });
    return { ...NOTHING_RECLAIMED, outcome: 'done', freedBytes: 5 };
  },
};
Reflect.set(globalThis, AGENT_SYMBOL, agent);
after(() => Reflect.deleteProperty(globalThis, AGENT_SYMBOL));

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

async function ask(
  path: string,
  options: HandlerOptions = {},
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const mounted = handler(options);
  const server = createServer((request, response) => {
    mounted(request, response, () => response.writeHead(418).end('the application'));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    const { body, ...reply } = await sendTo({ port, path, method, headers });
    const text = body.toString();
    const isJson = reply.headers['content-type']?.endsWith('json') === true && !text.includes('\n{') && text !== '';
    return { ...reply, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  } finally {
    server.close();
  }
}

const OPEN: HandlerOptions = { write: true, authorize: () => true };

describe('what is not ours', { concurrency: true }, () => {
  for (const path of [
    '/',
    '/api/v1/',
    '/api/v1/memory',
    '/api/v1/memory/status/x',
    '/API/v1/memory/status',
    '/x/api/v1/memory/status',
    '//api/memory/status',
  ]) {
    test(`${path} is left to the application`, async () => {
      assert.equal((await ask(path)).text, 'the application');
    });
  }

  test('without next() it answers false and leaves the response alone', () => {
    const request = { url: '/mine', headers: {} } as unknown as Parameters<ReturnType<typeof handler>>[0];
    assert.equal(handler()(request, {} as Parameters<ReturnType<typeof handler>>[1]), false);
  });
});

describe('reading', { concurrency: true }, () => {
  test('memory/status tells level, assessment, constraints and sample, under both paths', async () => {
    const { status, headers, json } = await ask('/api/v1/memory/status');
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'no-store');
    const [first] = json['processes'] as Record<string, unknown>[];
    assert.deepEqual([first?.['pid'], first?.['level'], first?.['available']], [process.pid, 'high', true]);
    assert.deepEqual((await ask('/api/memory/status?x=1')).json, json);
  });

  test('cache/stats tells of each and of all; status/system of both together; one by its name', async (context) => {
    const cache = pressureCache({ name: 'a/b ü', maxEntries: 10 });
    context.after(() => cache.close());
    cache.put('a', 1);
    cache.get('a');
    cache.get('b');
    const { json } = await ask('/api/v1/cache/stats');
    assert.deepEqual(
      [(json['caches'] as object[]).length, json['total']],
      [1, { caches: 1, entries: 1, bytes: cache.stats().bytes, hits: 1, misses: 1, hitRatio: 0.5 }],
    );
    const system = (await ask('/api/v1/status/system')).json;
    assert.deepEqual(system['cache'], json);
    assert.ok(system['memory']);
    const one = await ask(`/api/v1/cache/stats/${encodeURIComponent('a/b ü')}`);
    assert.deepEqual([one.json['name'], one.json['entries'], typeof one.json['stats']], ['a/b ü', 1, 'object']);
    const none = await ask('/api/v1/cache/stats/other');
    assert.deepEqual(
      [none.status, none.json['code'], none.headers['content-type']],
      [404, 'PLM_HTTP_NO_CACHE', 'application/problem+json'],
    );
    assert.equal((await ask('/api/v1/cache/stats/%ff')).status, 404);
  });

  test('memory/history comes in pages that lead to the next', async () => {
    const seen: unknown[] = [];
    let query: unknown = '?limit=250&resolution=1s';
    while (typeof query === 'string') {
      const { json } = await ask(`/api/v1/memory/history${query}`);
      seen.push(...(json['rows'] as HistoryRow[]).map(({ wallMs }) => wallMs));
      query = json['next'];
    }
    assert.deepEqual(
      seen,
      rows.map(({ wallMs }) => wallMs),
    );
  });

  test('since is a duration or a time, until a time', async () => {
    const count = async (query: string): Promise<unknown> =>
      ((await ask(`/api/v1/memory/history?${query}`)).json['rows'] as unknown[]).length;
    assert.equal(await count('since=1m'), 60);
    assert.equal(await count('since=2026-01-31T12:09:00Z'), 60);
    assert.equal(await count('until=2026-01-31T12:00:59Z'), 60);
  });

  test('as CSV and NDJSON it is a stream of all rows', async () => {
    const csv = await ask('/api/v1/memory/history', {}, 'GET', { accept: 'text/csv' });
    const lines = csv.text.trimEnd().split('\n');
    assert.deepEqual([lines.length, lines[0]], [601, WINDOW_COLUMNS.join(',')]);
    assert.match(lines[1] ?? '', /^1769860800000,,0,/);
    const ndjson = await ask('/api/v1/memory/history', {}, 'GET', { accept: 'application/x-ndjson' });
    assert.equal(ndjson.text.trimEnd().split('\n').length, 600);
  });

  for (const query of [
    'since=yesterday',
    'until=1m',
    'limit=0',
    'limit=5001',
    'limit=x',
    'resolution=5s',
    'job_id=7',
    'stage=x',
  ]) {
    test(`${query} is refused with what is allowed`, async () => {
      const { status, json } = await ask(`/api/v1/memory/history?${query}`);
      assert.deepEqual([status, json['code']], [400, 'PLM_HTTP_PARAMETER']);
      assert.match(String(json['detail']), /must be/);
    });
  }

  test('HEAD is answered without a body, another method with those that are', async () => {
    const head = await ask('/api/v1/memory/status', {}, 'HEAD');
    assert.deepEqual([head.status, head.text], [200, '']);
    const post = await ask('/api/v1/memory/status', OPEN, 'POST');
    assert.deepEqual([post.status, post.headers.allow, post.json['code']], [405, 'GET', 'PLM_HTTP_METHOD']);
  });

  test('authorize decides on reading too, when there is one', async () => {
    const seen: string[] = [];
    const authorize: HandlerOptions['authorize'] = (request, access) => {
      seen.push(access);
      return request.headers.authorization === 'Bearer x';
    };
    assert.equal((await ask('/api/v1/memory/status', { authorize })).status, 403);
    assert.equal((await ask('/api/v1/memory/status', { authorize }, 'GET', { authorization: 'Bearer x' })).status, 200);
    assert.deepEqual(seen, ['read', 'read']);
  });
});

describe('writing', () => {
  test('is refused unless write and authorize are both given', async () => {
    calls.length = 0;
    for (const options of [{}, { write: true }, { authorize: () => true }]) {
      for (const [method, path] of [
        ['DELETE', '/api/v1/cache/clear'],
        ['POST', '/api/v1/reclaim'],
      ] as const) {
        const { status, json } = await ask(path, options, method);
        assert.deepEqual([status, json['code'], json['status']], [403, 'PLM_HTTP_WRITE_OFF', 403]);
      }
    }
    assert.deepEqual(calls, []);
  });

  test('is refused where authorize says no, something else than true, throws or rejects', async () => {
    calls.length = 0;
    const refusals: readonly HandlerOptions['authorize'][] = [
      () => false,
      (() => 1) as unknown as () => boolean,
      () => { throw new Error('bug'); },
      () => Promise.reject(new Error('bug')),
      async () => false,
    ]; // prettier-ignore
    for (const authorize of refusals) {
      const { status, json } = await ask('/api/v1/reclaim', { write: true, ...(authorize && { authorize }) }, 'POST');
      assert.deepEqual([status, json['code']], [403, 'PLM_HTTP_REFUSED']);
    }
    assert.deepEqual(calls, []);
  });

  test('a page of another origin is refused, one of the same is not', async () => {
    calls.length = 0;
    const from = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await ask('/api/v1/reclaim', OPEN, 'POST', headers)).status;
    for (const origin of ['http://evil.example', 'null', 'http://app.example:81', 'nonsense']) {
      assert.equal(await from({ host: 'app.example', origin }), 403, origin);
    }
    assert.deepEqual(calls, []);
    assert.equal(await from({ host: 'app.example:80', origin: 'http://app.example' }), 200);
    assert.equal(
      await from({ host: 'behind-a-proxy', origin: 'https://app.example', 'sec-fetch-site': 'same-origin' }),
      200,
    );
    assert.equal(await from({}), 200);
  });

  test('cache/clear empties pressure caches and, through the agent, the others; by name that one alone', async (context) => {
    calls.length = 0;
    const caches = ['a', 'b'].map((name) => pressureCache({ name, maxEntries: 10 }));
    context.after(() => caches.forEach((cache) => cache.close()));
    for (const cache of caches) cache.put('key', 'value');
    const one = await ask('/api/v1/cache/clear?name=a', OPEN, 'DELETE');
    assert.deepEqual(
      caches.map((cache) => cache.stats().entries),
      [0, 1],
    );
    assert.equal(one.json['entries'], 1);
    assert.deepEqual(calls, []);
    const all = await ask('/api/cache/clear', OPEN, 'DELETE');
    assert.deepEqual(
      (all.json['cleared'] as { name: string }[]).map(({ name }) => name),
      ['a', 'b', 'lru'],
    );
    assert.deepEqual([all.json['entries'], caches[1]?.stats().entries], [4, 0]);
    assert.equal((await ask('/api/v1/cache/clear?name=unknown', OPEN, 'DELETE')).status, 404);
    assert.deepEqual(calls, [{ clear: undefined }, { clear: 'unknown' }]);
  });

  test('reclaim passes on the bytes, or leaves them to the agent', async () => {
    calls.length = 0;
    assert.equal((await ask('/api/v1/reclaim', OPEN, 'POST')).json['freedBytes'], 5);
    assert.equal((await ask('/api/v1/reclaim?bytes=1000', OPEN, 'POST')).status, 200);
    assert.equal((await ask('/api/v1/reclaim?bytes=1GB', OPEN, 'POST')).status, 400);
    assert.deepEqual(calls, [{ reclaim: undefined }, { reclaim: 1000 }]);
  });
});
