/** Server-sent events: what is told, to how many, and what becomes of those who do not listen. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import test, { type TestContext } from 'node:test';

import { systemClock } from '../../../../agent/sample/clock.ts';
import type { ApiEvents } from '../../../../agent/sidecar/api/types.ts';
import { jsonOf, openApiScene, problemOf, type ApiScene } from '../../../helpers/api-scene.ts';
import { rawConnection } from '../../../helpers/http-client.ts';
import { createScriptedFleet, notedEvent, postmortemOf } from '../../../helpers/scripted-fleet.ts';

interface Message {
  readonly event: string;
  readonly data: unknown;
}

/** Reads the stream as a browser would. */
async function* messages(response: IncomingMessage): AsyncGenerator<Message> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      yield event === undefined
        ? { event: 'comment', data: block }
        : { event, data: JSON.parse(data ?? '') as unknown };
    }
  }
}

async function openStream(context: TestContext, { port }: ApiScene): Promise<IncomingMessage> {
  const outgoing = request({ port, host: '127.0.0.1', path: '/api/v1/events', agent: false });
  context.after(() => outgoing.destroy());
  outgoing.on('error', () => {});
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

/** Time goes only when a test says so. */
function createHandClock() {
  const due = new Set<{ atMs: number; run(): void }>();
  let nowMs = 0;
  const add = (run: () => void, ms: number): (() => void) => {
    const timer = { atMs: nowMs + ms, run };
    due.add(timer);
    return () => void due.delete(timer);
  };
  return {
    ...systemClock,
    monotonicMs: () => nowMs,
    setTimer: add,
    createRepeatedTimer(run: () => void) {
      let cancel = (): void => {};
      return { set: (ms: number) => void (cancel = add(run, ms)), cancel: () => cancel() };
    },
    pass(ms: number) {
      nowMs += ms;
      for (const timer of [...due].filter(({ atMs }) => atMs <= nowMs)) {
        due.delete(timer);
        timer.run();
      }
    },
  };
}

test('a stream begins with the status, then tells what happens as it happens, and samples once a second', async (context) => {
  const fleet = createScriptedFleet();
  const member = fleet.add({ serviceInstanceId: 'i0' });
  const clock = createHandClock();
  const scene = await openApiScene(context, { fleet, clock });
  const response = await openStream(context, scene);
  assert.equal(response.headers['content-type'], 'text/event-stream');
  assert.equal(response.headers['cache-control'], 'no-store');
  const stream = messages(response);
  const next = async (): Promise<Message> => (await stream.next()).value as Message;
  const first = await next();
  assert.equal(first.event, 'status');
  assert.equal((first.data as { processes: unknown[] }).processes.length, 1);

  fleet.tell({ kind: 'event', member, event: notedEvent(5) });
  assert.deepEqual(await next(), { event: 'event', data: { ...notedEvent(5), instance: 'i0' } });
  fleet.tell({ kind: 'sample', member });
  fleet.tell({ kind: 'sample', member });
  clock.pass(1000);
  const { event, data } = await next();
  assert.deepEqual([event, (data as { instance: string }[]).map(({ instance }) => instance)], ['samples', ['i0']]);
  fleet.tell({ kind: 'postmortem', postmortem: postmortemOf({ serviceInstanceId: 'i0' }, 7) });
  member.become('ended');
  fleet.tell({ kind: 'ended', member });
  assert.equal((await next()).event, 'postmortem');
  clock.pass(100);
  const last = await next();
  assert.deepEqual(
    [last.event, (last.data as { processes: { state: string }[] }).processes.map(({ state }) => state)],
    ['status', ['ended']],
  );
  clock.pass(15_000);
  assert.equal((await next()).event, 'comment');
  await scene.stop();
  assert.equal((await stream.next()).done, true);
});

test('who asks for JSON gets the events of before, newest first, of whom and since when he says, page by page', async (context) => {
  const nowMs = 1_795_342_500_000;
  const happened = [5, 5, 5, 60, 7200].map((agoS, index) => ({
    instanceId: index === 1 ? 'other' : 'i0',
    event: notedEvent(nowMs - agoS * 1000, { text: `event ${index}` }),
  }));
  const fleet = { ...createScriptedFleet(), events: () => happened };
  const scene = await openApiScene(context, { fleet, clock: { ...systemClock, wallMs: () => nowMs } });
  const ask = async (query: string): Promise<ApiEvents> =>
    jsonOf(await scene.get(`/api/v1/events${query}`, { headers: { accept: 'application/json' } })) as ApiEvents;
  const all = await ask('');
  assert.deepEqual(all, {
    events: happened.map(({ instanceId, event }) => ({ ...event, instance: instanceId })),
    next: null,
  });
  const texts = ({ events }: ApiEvents): readonly string[] => events.map(({ text }) => text);
  assert.deepEqual(texts(await ask('?instance=i0&since=1h')), ['event 0', 'event 2', 'event 3']);
  const first = await ask('?limit=2');
  const second = await ask(`?limit=2&cursor=${first.next}`);
  const third = await ask(`?limit=2&cursor=${second.next}`);
  assert.deepEqual([first, second, third].flatMap(texts), texts(all), 'three of one time are on two pages');
  assert.equal(third.next, null);
});

test('the sixty-fifth stream is told to come back, and finds room when another has gone', async (context) => {
  const scene = await openApiScene(context, { fleet: createScriptedFleet() });
  const open = await Promise.all(Array.from({ length: 64 }, () => openStream(context, scene)));
  assert.ok(open.every(({ statusCode }) => statusCode === 200));
  const refused = await scene.get('/api/v1/events');
  assert.equal(problemOf(refused), '503 PLM_API_BUSY');
  assert.equal(refused.headers['retry-after'], '10');
  open[0]?.destroy();
  for (;;) {
    const again = await openStream(context, scene);
    if (again.statusCode === 200) break;
    again.resume();
    await once(again, 'end');
  }
  assert.equal((await scene.get('/api/v1/memory/status')).status, 200);
});

test('who reads nothing is dropped when 256 kB are waiting, and the others are served', async (context) => {
  const fleet = createScriptedFleet();
  const member = fleet.add({ serviceInstanceId: 'i0' });
  const scene = await openApiScene(context, { fleet });
  const deaf = await rawConnection(scene.port, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n', true);
  const stream = messages(await openStream(context, scene));
  await stream.next();
  const event = notedEvent(1, { text: 'x'.repeat(100_000) });
  // the kernel takes up to ten megabytes before anything waits
  for (let told = 0; told < 200; told += 1) {
    fleet.tell({ kind: 'event', member, event });
    assert.equal(((await stream.next()).value as Message).event, 'event');
  }
  deaf.socket.resume();
  const { length } = await deaf.closed;
  assert.ok(length < 200 * 100_000, `${length} characters were kept for who did not read`);
});
