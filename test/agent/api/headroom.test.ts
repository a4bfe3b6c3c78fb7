/** Waiting for room, with a room that the test sets. Who is let through, in which order, and how a wait ends otherwise. */
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test, { afterEach, beforeEach } from 'node:test';

import { headroomTransform, waitForHeadroom } from '../../../agent/index.ts';
import { installStandInAgent, type StandInAgent } from '../../helpers/stand-in-agent.ts';

let agent: StandInAgent;
beforeEach(async () => {
  await waitForHeadroom(0); // without an agent, which forgets what was promised
  agent = installStandInAgent();
});
afterEach(() => agent.remove());

/** What has settled by now. */
function watch(waits: readonly Promise<void>[]): number[] {
  const settled: number[] = [];
  for (const [i, wait] of waits.entries()) wait.then(() => settled.push(i)).catch(() => {});
  return settled;
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('resolves at once where there is no agent, no limit, or room; nothing is left behind', async () => {
  const before = timers();
  await waitForHeadroom(1e15);
  agent.roomBytes = 100;
  await waitForHeadroom(100);
  agent.remove();
  await waitForHeadroom(1e15);
  assert.equal(timers(), before);
});

test('what was promised is not promised again until a later sample can have seen it', async () => {
  agent.roomBytes = 100;
  await waitForHeadroom(60);
  const second = waitForHeadroom(60);
  const settled = watch([second]);
  agent.sample(); // too early: the first has not allocated yet
  await assert.rejects(waitForHeadroom(1, { timeoutMs: 120 }));
  assert.deepEqual(settled, []);
  await assert.rejects(waitForHeadroom(1, { timeoutMs: 180 }));
  agent.sample();
  await second;
});

test('whoever waits for longer has memory asked for, less and less often', async () => {
  agent.roomBytes = 0;
  await assert.rejects(waitForHeadroom(70, { timeoutMs: 200 }));
  assert.deepEqual(agent.reclaims, []);
  const wait = waitForHeadroom(70, { timeoutMs: 1_100 });
  await assert.rejects(wait);
  assert.deepEqual(agent.reclaims, [70, 70]);
});

test('those who wait are let through in their order, however little a later one wants', async () => {
  agent.roomBytes = 0;
  const waits = [50, 1, 70].map((bytes) => waitForHeadroom(bytes));
  const settled = watch(waits);
  agent.roomBytes = 40; // enough for the second alone
  await assert.rejects(waitForHeadroom(0, { timeoutMs: 120 }));
  assert.deepEqual(settled, []);
  agent.roomBytes = 60; // the first two, and not the third
  await waits[1];
  assert.deepEqual(settled, [0, 1]);
  agent.roomBytes = Infinity;
  await waits[2];
});

test('whoever gives up makes way: by its time with a code, by its signal with the reason of it', async () => {
  const before = timers();
  agent.roomBytes = 10;
  const timesOut = waitForHeadroom(50, { timeoutMs: 60 });
  const abort = new AbortController();
  const aborted = waitForHeadroom(50, { signal: abort.signal });
  const small = waitForHeadroom(5);
  await assert.rejects(timesOut, {
    code: 'PLM_HEADROOM_TIMEOUT',
    message: '[plimsoll] PLM_HEADROOM_TIMEOUT: no room for 50 bytes below high within 60 ms. Nothing was promised.',
  });
  abort.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  await small;
  const late = waitForHeadroom(1, { signal: abort.signal });
  await assert.rejects(late, { name: 'AbortError' });
  const again = new AbortController();
  const alone = waitForHeadroom(50, { signal: again.signal });
  again.abort();
  assert.equal(timers(), before); // nobody waits, nothing looks
  await assert.rejects(alone);
});

test('a stream is held up while there is no room, and is whole in the end', async () => {
  agent.roomBytes = 0;
  const got: string[] = [];
  const done = pipeline(
    Readable.from(['a', 'bc', 'd'].map((text) => Buffer.from(text))),
    headroomTransform(),
    new Writable({
      write(chunk, _encoding, callback) {
        got.push(String(chunk));
        callback();
      },
    }),
  );
  await assert.rejects(waitForHeadroom(1, { timeoutMs: 80 }));
  assert.deepEqual(got, []);
  agent.roomBytes = 1000;
  await done;
  assert.deepEqual(got, ['a', 'bc', 'd']);
});

test('a stream of objects waits for what its owner says that they need', async () => {
  agent.roomBytes = 20;
  const objects = [{ rows: 2 }, { rows: 3 }];
  const bytesOf = (chunk: unknown): number => (chunk as { rows: number }).rows * 10;
  const stream = Readable.from(objects).pipe(headroomTransform({ objectMode: true, bytesOf, timeoutMs: 60 }));
  const got: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of stream) got.push(chunk);
    },
    { code: 'PLM_HEADROOM_TIMEOUT' },
  );
  assert.deepEqual(got, [{ rows: 2 }]);
});

test('a stream that is destroyed, or whose signal is aborted, waits no more', async () => {
  agent.roomBytes = 0;
  const before = timers();
  const abort = new AbortController();
  for (const end of [(): unknown => destroyed.destroy(), (): unknown => abort.abort()]) queueMicrotask(end);
  const destroyed = headroomTransform();
  const aborted = headroomTransform({ signal: abort.signal });
  for (const stream of [destroyed, aborted]) stream.write('x');
  const failed = new Promise((resolve) => aborted.once('error', resolve));
  assert.equal(((await failed) as Error).name, 'AbortError');
  await new Promise(setImmediate);
  assert.equal(timers(), before);
});

test('a size that cannot be told ends the stream with the error of whoever tells it', async () => {
  const stream = headroomTransform({
    bytesOf() {
      throw new Error('no size');
    },
  });
  stream.write('x');
  const [error] = (await new Promise<unknown[]>((resolve) => stream.once('error', (...all) => resolve(all)))) as [
    Error,
  ];
  assert.equal(error.message, 'no size');
});
