/** The control socket with real connections: what is answered, what is refused, and what somebody who means harm can do. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { connectControl } from '../../../agent/control/client.ts';
import type { ControlServerParts } from '../../../agent/control/server.ts';
import { INSTANCE, openRaw, openScene, OPERATIONS, refusal } from '../../helpers/control-scene.ts';
import { onWindows } from '../../helpers/platform.ts';
import { temporaryFolder } from '../../helpers/run-cli.ts';

// on Node.js 22.15 a test whose only pending work is unref'd ends early
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const HELLO = '{"id":1,"op":"hello","watch":false}\n';

describe('the control socket', { skip: onWindows('a folder to put a socket in') }, () => {
  test('says who it is, and answers what it is asked', async (context) => {
    const { path } = await openScene(context);
    const client = await connectControl(path, { watch: false });
    assert.deepEqual(client.hello, { protocol: 1, instance: INSTANCE, agentVersion: '0.1.0', pid: 7 });
    const [caches, capture, drill] = await Promise.all([
      client.ask('caches', {}),
      client.ask('capture', { kind: 'report' }),
      client.ask('drill', { level: 'high', forMs: 500 }),
    ]);
    assert.deepEqual([caches, capture, drill], [[], { path: '/tmp/report.json', bytes: 7 }, { untilWallMs: 500 }]);
    client.close();
    await client.ended;
  });

  test('says why it does not do something, also where the doing of it throws', async (context) => {
    const { path } = await openScene(context);
    const client = await connectControl(path, { watch: false });
    for (const [answer, message] of [
      [client.ask('snapshot', {}), /^nothing was sampled yet$/],
      [client.ask('clear', {}), /^clear failed: the cache is odd$/],
      [client.ask('reclaim', {}), /^reclaim failed: not now$/],
    ] as const) {
      const { code, message: said } = await refusal(answer);
      assert.equal(code, 'PLM_CONTROL_REFUSED');
      assert.match(said, message);
    }
    assert.equal((await refusal(client.ask('drill', { level: 'high', forMs: 1e9 }))).code, 'PLM_CONTROL_INVALID');
    assert.deepEqual(await client.ask('caches', {}), [], 'and goes on');
    client.close();
  });

  test('an answer that would be too long is refused, one that never comes is waited for no longer', async (context) => {
    const long = Array.from({ length: 2000 }, () => ({ name: 'x'.repeat(1000) }));
    const operations = {
      ...OPERATIONS,
      caches: () => ({ done: long as never }),
      drill: () => new Promise<never>(() => {}),
    };
    const { path } = await openScene(context, { operations });
    const client = await connectControl(path, { watch: false });
    assert.match((await refusal(client.ask('caches', {}))).message, /longer than 1048576 bytes/);
    const late = await refusal(client.ask('drill', { level: 'high', forMs: 1 }, 20));
    assert.deepEqual([late.code, late.errno], ['PLM_CONTROL_FAILED', 'ETIMEDOUT']);
    client.close();
  });

  test('counts who watches, and sees at once when one is gone', async (context) => {
    const counts: number[] = [];
    let onEnd = (): void => {};
    const gone = new Promise<void>((resolve) => (onEnd = resolve));
    const { path } = await openScene(context, {
      onWatchers(count) {
        counts.push(count);
        if (count === 0) onEnd();
      },
    });
    const watching = await connectControl(path, { watch: true });
    const asking = await connectControl(path, { watch: false });
    watching.close();
    await gone;
    assert.deepEqual(counts, [1, 0]);
    asking.close();
  });

  test('who is connected knows when it ends; nothing is left in the folder', async (context) => {
    const { folder, path, server } = await openScene(context);
    const client = await connectControl(path, { watch: true });
    assert.ok(server.isThere());
    server.close();
    assert.deepEqual(readdirSync(folder), []);
    await client.ended;
    assert.equal((await refusal(client.ask('caches', {}))).errno, 'ECONNRESET');
    assert.equal((await refusal(connectControl(path, { watch: true }))).errno, 'ENOENT');
  });

  for (const [what, line] of [
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['no hello', '{"id":1,"op":"caches"}\n'],
    ['a line without an end', `${HELLO}"${'x'.repeat(70_000)}`],
    ['what is no text', `${HELLO}\u0000\u0001\n`],
  ]) {
    test(`${what} is told what is wrong, and cut off`, async (context) => {
      const { path } = await openScene(context);
      const { socket, ended } = openRaw(path);
      socket.write(line ?? '');
      assert.match(await ended, /"ok":false,"code":"PLM_CONTROL_INVALID"/);
    });
  }

  test('who says nothing is cut off after five seconds, who said hello is not', async (context) => {
    const ticks: (() => void)[] = [];
    const setTimer: ControlServerParts['setTimer'] = (callback) => {
      ticks.push(callback);
      return () => {};
    };
    const { path } = await openScene(context, { setTimer });
    const client = await connectControl(path, { watch: false });
    const silent = openRaw(path);
    await client.ask('caches', {}); // the server has seen both
    while (ticks.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let second = 0; second < 5; second += 1) for (const tick of ticks.splice(0)) tick();
    assert.equal(await silent.ended, '');
    assert.deepEqual(await client.ask('caches', {}), []);
    client.close();
  });

  test('the seventeenth is told that there is no room, and has it when another goes', async (context) => {
    const { path } = await openScene(context);
    const sixteen = await Promise.all(Array.from({ length: 16 }, () => connectControl(path, { watch: true })));
    assert.equal((await refusal(connectControl(path, { watch: true }))).code, 'PLM_CONTROL_BUSY');
    assert.deepEqual(await sixteen[15]?.ask('caches', {}), []);
    sixteen[0]?.close();
    await sixteen[1]?.ask('caches', {});
    const later = await connectControl(path, { watch: true });
    for (const client of [later, ...sixteen]) client.close();
  });

  test('who asks and does not read is not worked for, and is answered when it reads', async (context) => {
    let asked = 0;
    const big = [{ name: 'x'.repeat(500_000), library: '', entries: 0, bytes: 0 }];
    const operations = {
      ...OPERATIONS,
      caches() {
        asked += 1;
        return { done: big as never };
      },
    };
    const { path } = await openScene(context, { operations });
    const socket = connect(path);
    socket.on('error', () => {});
    socket.pause();
    const requests = Array.from({ length: 40 }, (_, index) => `{"id":${index + 2},"op":"caches"}\n`).join('');
    socket.write(HELLO + requests);
    const other = await connectControl(path, { watch: false });
    for (let round = 0; round < 20; round += 1) await other.ask('capture', { kind: 'report' });
    assert.ok(asked > 0 && asked <= 2, `${asked} answers of half a megabyte are held for it`);
    let lines = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        lines += bytes.includes(10) ? bytes.toString('latin1').split('\n').length - 1 : 0;
        if (lines === 41) resolve();
      });
    });
    socket.resume();
    await all;
    socket.destroy();
    other.close();
  });

  test('a client believes no server: nonsense, no end, and a foreign protocol', async (context) => {
    const folder = temporaryFolder(context);
    const { createServer } = await import('node:net');
    for (const [index, said] of [
      'nonsense\n',
      'x'.repeat(2_000_000),
      '{"id":1,"ok":true,"result":{"protocol":9}}\n',
    ].entries()) {
      const path = join(folder, `${index}.sock`);
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.write(said);
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const { code, message } = await refusal(connectControl(path, { watch: false, timeoutMs: 2000 }));
      assert.equal(code, 'PLM_CONTROL_FAILED', message);
      assert.doesNotMatch(message, /within/);
      server.close();
    }
  });
});
