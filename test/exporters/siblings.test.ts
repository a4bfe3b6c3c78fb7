/** Processes that share one scrape, over real connections; test/processes/cluster.test.ts has real processes. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Server } from 'node:http';
import type { Socket } from 'node:net';
import test, { after, before, type TestContext } from 'node:test';

import { COL, COLUMNS } from '../../agent/model/row.ts';
import type { Problem } from '../../agent/model/problem.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createPrometheusServer, type PrometheusServerOptions } from '../../exporters/prometheus-server.ts';
import {
  createSnapshotReader,
  helloLine,
  messageOf,
  readHello,
  SIBLING_PATH,
  snapshotLine,
} from '../../exporters/siblings-protocol.ts';
import { createSlots } from '../../exporters/siblings-slots.ts';
import { scrape, untilProcesses } from '../helpers/endpoint.ts';
import { ask, rawConnection } from '../helpers/http-client.ts';
import { IDENTITY, ordinarySnapshot, worstCaseSnapshot } from '../helpers/snapshot.ts';

// all that is tested is unref'd, and on Node.js 22 the runner does not keep the event loop alive for a test
let alive: NodeJS.Timeout | undefined;
before(() => {
  alive = setInterval(() => {}, 1000);
});
after(() => clearInterval(alive));

const INTRODUCTION = {
  service: IDENTITY.serviceName,
  container: 'a',
  parentPid: 0,
  instance: 'x',
  agent: '0.1.0',
  node: '24.0.0',
  slot: 'worker-1',
};
const UPGRADE = `GET ${SIBLING_PATH} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: plimsoll\r\n\r\n`;

interface Started {
  /** Where its numbers are served. */
  readonly served: Promise<string>;
  close(): Promise<void>;
}

function start(t: TestContext, port: number, process: string, more: Partial<PrometheusServerOptions> = {}): Started {
  const events = new EventEmitter();
  const served = EventEmitter.once(events, 'served').then(([address]) => String(address));
  const server = createPrometheusServer({
    listen: { host: '127.0.0.1', port },
    tier: 'core',
    container: 'a',
    isNumbered: true,
    isChild: false,
    clock: systemClock,
    snapshot: () => snapshotOf(process),
    onProblem: (found) => assert.fail(found.message),
    onListening: (address) => events.emit('served', address),
    ...more,
  });
  t.after(() => server.close());
  void server.start();
  return { served, close: server.close };
}

function snapshotOf(process: string, serviceName = 'shop'): Snapshot {
  return { ...ordinarySnapshot(), identity: { ...IDENTITY, process, serviceName } };
}

async function hubOf(t: TestContext, more: Partial<PrometheusServerOptions> = {}): Promise<number> {
  return Number((await start(t, 0, 'main', more).served).split(':').at(-1));
}

/** A sibling by hand. */
async function connected(
  t: TestContext,
  port: number,
  hello: string,
): Promise<{ socket: Socket; closed: Promise<string> }> {
  const connection = await rawConnection(port, UPGRADE);
  t.after(() => connection.socket.destroy());
  await EventEmitter.once(connection.socket, 'data');
  connection.socket.write(hello);
  return connection;
}

async function answerTo(t: TestContext, port: number, hello: string): Promise<string> {
  const { closed } = await connected(t, port, hello);
  return (await closed).split('\r\n\r\n')[1] ?? '';
}

test('slots: a wish is kept where it is free, and a number that became free goes before a new one', () => {
  const slots = createSlots();
  assert.equal(slots.take('main'), 'main');
  assert.equal(slots.take('worker-2'), 'worker-2');
  assert.equal(slots.take('worker-1'), 'worker-1');
  assert.equal(slots.take('main'), 'worker-3', 'a second process that knows of no number');
  assert.equal(slots.take('worker-2'), 'worker-4');
  slots.giveBack('worker-2');
  assert.equal(slots.take('worker-7'), 'worker-2', 'the replacement of a worker in a cluster, which counts up');
  assert.equal(slots.take('worker-7'), 'worker-7');
  slots.giveBack('worker-1');
  slots.giveBack('worker-3');
  assert.equal(slots.take('worker-3'), 'worker-3', 'an instance of pm2 that was restarted');
  assert.equal(slots.take('pod{a="b"}'), 'worker-1', 'what is no slot is nobody’s');
  slots.giveBack('main');
  assert.equal(slots.take('main'), 'main');
});

test('what a snapshot says of a process arrives as it was, NaN and infinity too', () => {
  const sent = worstCaseSnapshot();
  sent.row[COL.heapLiveBytes] = Number.NaN;
  sent.row[COL.cgroupLimitBytes] = Number.POSITIVE_INFINITY;
  const hello = readHello(messageOf(helloLine(INTRODUCTION)) ?? {});
  assert.ok(hello !== undefined && typeof hello !== 'string');
  const got = createSnapshotReader(hello, 'worker-1')(messageOf(snapshotLine(sent)) ?? {});
  assert.deepEqual(got?.row, sent.row);
  assert.deepEqual(got.actions, sent.actions);
  assert.deepEqual(got.degraded, sent.degraded);
  assert.deepEqual([got.identity.process, got.tellsSurroundings], ['worker-1', false]);
});

test('what is no hello, or no snapshot, is nothing', () => {
  const hello = messageOf(helloLine(INTRODUCTION)) ?? {};
  const broken: readonly object[] = [
    { ...hello, plimsoll: undefined },
    { ...hello, service: 5 },
    { ...hello, agent: 'x'.repeat(300) },
    { ...hello, parentPid: 'many' },
    { ...hello, columns: 'all' },
    { ...hello, columns: [1] },
    { ...hello, columns: Array.from({ length: 5000 }, () => 'a') },
  ];
  for (const message of broken)
    assert.equal(readHello({ ...message }), undefined, JSON.stringify(message).slice(0, 99));
  assert.equal(readHello({ ...hello, plimsoll: 2 }), 'protocol');
  assert.equal(messageOf('"text"'), undefined);
  assert.equal(messageOf('{'), undefined);

  const good = readHello(hello);
  assert.ok(good !== undefined && typeof good !== 'string');
  const read = createSnapshotReader(good, 'worker-1');
  const row = Buffer.alloc(COLUMNS.length * 8).toString('base64');
  assert.equal(read({ row, mode: 'protect', exporter: 5 }), undefined);
  assert.equal(read({ row: row.slice(8), mode: 'protect', exporter: 'x' }), undefined);
  const actions = [['a', 'done', 1], ['b', 'exploded', 1], 5, ['c', 'done', 'two']];
  const got = read({ row, mode: 'protect', exporter: 'x', degraded: ['fine', 5], actions });
  assert.deepEqual(got?.actions, [{ action: 'a', outcome: 'done', count: 1 }]);
  assert.deepEqual(
    got.degraded.map(({ reason }) => reason),
    ['fine'],
  );
});

test('who finds the address taken joins who has it; the text is in the order of the slots', async (t) => {
  const port = await hubOf(t);
  for (const process of ['worker-10', 'worker-2']) {
    assert.equal(await start(t, port, process).served, `127.0.0.1:${port}`);
  }
  assert.deepEqual((await untilProcesses(port, ['main', 'worker-2', 'worker-10'])).processes, [
    'main',
    'worker-2',
    'worker-10',
  ]);
});

test('when the one that listened stops, one of the others does and the rest join it', async (t) => {
  const first = start(t, 0, 'main');
  const port = Number((await first.served).split(':').at(-1));
  const others = ['worker-1', 'worker-2', 'worker-3'].map((process) => start(t, port, process));
  await Promise.all(others.map(({ served }) => served));
  await first.close();
  const left = await untilProcesses(port, ['worker-1', 'worker-2', 'worker-3']);
  assert.deepEqual(left.processes, ['worker-1', 'worker-2', 'worker-3']);
});

test('the hub says why it takes somebody not', async (t) => {
  const port = await hubOf(t);
  const refusals: readonly [string, object][] = [
    ['service', { service: 'till' }],
    ['container', { container: 'b' }],
  ];
  for (const [refused, other] of refusals) {
    const hello = helloLine({ ...INTRODUCTION, ...other });
    assert.deepEqual(messageOf(await answerTo(t, port, hello)), { refused, service: 'shop' });
  }
  const newer = JSON.stringify({ ...messageOf(helloLine(INTRODUCTION)), plimsoll: 2 });
  assert.deepEqual(messageOf(await answerTo(t, port, `${newer}\n`)), { refused: 'protocol', service: 'shop' });
  assert.deepEqual((await scrape(port)).processes, ['main']);
});

test('a child of the process itself is of its service, whatever it calls itself', async (t) => {
  const port = await hubOf(t);
  const { socket } = await connected(
    t,
    port,
    helloLine({ ...INTRODUCTION, service: 'some-pool', parentPid: process.pid }),
  );
  const [answer] = (await EventEmitter.once(socket, 'data')) as [string];
  assert.match(answer, /^\{"joined":"worker-1","service":"shop"\}\n/);
});

test('another container of the pod is told once, with what to do', async (t) => {
  const port = await hubOf(t);
  const found = await new Promise<Problem>((resolve) => {
    start(t, port, 'worker-1', { container: 'b', onProblem: resolve });
  });
  assert.equal(found.code, 'PLM_LISTEN_FAILED');
  assert.match(found.message, /the agent of another container has it \(service shop\)\. Must be a free port/);
});

test('64 join, the next is refused, and a scraper still gets in', async (t) => {
  const port = await hubOf(t);
  for (let count = 0; count < 64; count++) {
    const { socket } = await connected(t, port, helloLine(INTRODUCTION));
    await EventEmitter.once(socket, 'data');
  }
  assert.deepEqual(messageOf(await answerTo(t, port, helloLine(INTRODUCTION))), { refused: 'full', service: 'shop' });
  const { processes, durationMs } = await scrape(port); // none of them has ever answered
  assert.deepEqual(processes, ['main']);
  assert.ok(durationMs < 1000, `${durationMs} ms`);
});

test('a sibling stays longer than a scraper may, one that says nothing does not', async (t) => {
  const port = await hubOf(t);
  const sibling = await connected(t, port, helloLine(INTRODUCTION));
  await EventEmitter.once(sibling.socket, 'data');
  const silent = await rawConnection(port, UPGRADE);
  const startedMs = performance.now();
  assert.match(await silent.closed, /^HTTP\/1\.1 101 /);
  assert.ok(performance.now() - startedMs > 4000);
  sibling.socket.write(snapshotLine(snapshotOf('worker-1')));
  assert.deepEqual((await untilProcesses(port, ['main', 'worker-1'])).processes, ['main', 'worker-1']);
});

test('garbage and endless lines end the connection and nothing else', async (t) => {
  const port = await hubOf(t);
  for (const junk of ['hello\n', '[]\n', '\n', 'x'.repeat(200_000), '{"plimsoll":1}\n']) {
    const { closed } = await connected(t, port, junk);
    await closed;
  }
  const { socket, closed } = await connected(t, port, helloLine(INTRODUCTION));
  await EventEmitter.once(socket, 'data');
  socket.write('{"row":5}\nno json\n');
  await closed;
  assert.deepEqual((await scrape(port)).processes, ['main']);
});

test('an upgrade to anything else is an ordinary request, and no instrumentation sees either', async (t) => {
  const seen: string[] = [];
  t.after(() => Reflect.deleteProperty(Server.prototype, 'emit'));
  Server.prototype.emit = function patched(this: Server, event: string, ...values: unknown[]) {
    seen.push(event);
    return EventEmitter.prototype.emit.call(this, event, ...values);
  };
  const port = await hubOf(t);
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
  };
  const { status, body } = await ask({ port, path: '/metrics', headers });
  assert.equal(status, 200);
  assert.match(body.toString(), /^plimsoll_agent_info\{/m);
  assert.equal((await ask({ port, path: SIBLING_PATH })).status, 404);
  const onRequest = (): unknown => seen.push('http.client.request.created');
  subscribe('http.client.request.created', onRequest);
  t.after(() => unsubscribe('http.client.request.created', onRequest));
  await start(t, port, 'worker-1').served;
  assert.deepEqual(seen, []);
});

test('closing releases siblings on both sides', async (t) => {
  const hub = start(t, 0, 'main');
  const port = Number((await hub.served).split(':').at(-1));
  const { closed } = await connected(t, port, helloLine(INTRODUCTION));
  const silent = await rawConnection(port, UPGRADE);
  await EventEmitter.once(silent.socket, 'data');
  const sibling = start(t, port, 'worker-2');
  await sibling.served;
  await sibling.close();
  await hub.close();
  await Promise.all([closed, silent.closed]);
  await assert.rejects(ask({ port, path: '/healthz' }), /ECONNREFUSED/);
});
