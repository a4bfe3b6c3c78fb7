/** Where the API listens, and what becomes of it while it cannot. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import test from 'node:test';

import { openListener } from '../../../../agent/sidecar/api/opening.ts';
import { createApiServer } from '../../../../agent/sidecar/api/server.ts';
import { ask } from '../../../helpers/http-client.ts';

const createAnswering = () => createApiServer(() => Promise.resolve((_request, response) => response.end('here')));

/** A second passes when a test says so, and is over when the attempt in it failed. */
function createSeconds() {
  let due: (() => void) | undefined;
  let waiting: (() => void) | undefined;
  const clock = {
    setTimer(run: () => void, ms: number) {
      assert.equal(ms, 1000);
      due = run;
      waiting?.();
      return () => void (due = undefined);
    },
  };
  const begin = (): void => {
    const run = due;
    due = undefined;
    assert.ok(run);
    run();
  };
  async function pass(): Promise<void> {
    const failed = new Promise<void>((resolve) => (waiting = resolve));
    begin();
    await failed;
  }
  return { clock, begin, pass, isDue: () => due !== undefined };
}

test('a taken port is tried each second, told once after ten, and had as soon as it is free', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const { clock, begin, pass } = createSeconds();
  const told: string[] = [];
  const opening = openListener({
    server: createAnswering(),
    where: { host: '127.0.0.1', port },
    clock,
    onFailed: (reason) => told.push(reason),
  });
  await opening.attempted;
  for (let second = 1; second <= 14; second += 1) {
    await pass();
    assert.equal(told.length, second < 10 ? 0 : 1, `after ${second} s`);
  }
  assert.match(told.join('\n'), /EADDRINUSE/);
  assert.equal(opening.url(), undefined);
  holder.close();
  await once(holder, 'close');
  begin();
  const deadlineMs = performance.now() + 5000;
  while (opening.url() === undefined && performance.now() < deadlineMs) await new Promise(setImmediate);
  assert.equal(opening.url(), `http://127.0.0.1:${port}/`);
  assert.equal((await ask({ port, path: '/' })).body.toString(), 'here');
  await opening.close();
  assert.equal(opening.url(), undefined);
});

test('a server that is closed while its port is taken tries no more', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { clock, isDue } = createSeconds();
  const { port } = holder.address() as AddressInfo;
  const opening = openListener({ server: createAnswering(), where: { host: '127.0.0.1', port }, clock, onFailed() {} });
  await opening.attempted;
  assert.equal(isDue(), true);
  await opening.close();
  assert.equal(isDue(), false);
  holder.close();
});

test('an address of another machine is told at once', async () => {
  const { clock, pass } = createSeconds();
  const told: string[] = [];
  // RFC 5737: an address of nobody
  const where = { host: '203.0.113.1', port: 0 };
  const opening = openListener({ server: createAnswering(), where, clock, onFailed: (reason) => told.push(reason) });
  await opening.attempted;
  await pass();
  assert.equal(told.length, 1);
  assert.match(told.join('\n'), /EADDRNOTAVAIL/);
  await opening.close();
});
