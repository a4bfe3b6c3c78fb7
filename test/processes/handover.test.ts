/** Who exports: the process itself, or the sidecar that watches it. The sidecar here is a connection that watches. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';

import { connectControl, type ControlClient } from '../../agent/control/client.ts';
import { announceSidecar } from '../../agent/control/presence.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { connectIn, untilSnapshot, untilSockets } from '../helpers/control.ts';
import { scrapeUntil, untilProcesses } from '../helpers/endpoint.ts';
import { onWindows } from '../helpers/platform.ts';
import { freePort } from '../helpers/prometheus.ts';
import { temporaryFolder } from '../helpers/run-cli.ts';
import { startNode } from '../helpers/run-node.ts';

const CLUSTER = join(import.meta.dirname, '../fixtures/apps/processes/cluster.cjs');
const TOGETHER = { concurrency: true, skip: onWindows('a folder to put a socket in') };

/** Whether a sidecar could listen there now. */
function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function untilFree(port: number): Promise<number> {
  const startedMs = performance.now();
  while (!(await isFree(port))) {
    assert.ok(performance.now() - startedMs < 10_000, `somebody still listens at ${port}`);
    await delay(20);
  }
  return performance.now() - startedMs;
}

function announce(context: TestContext, folder: string): () => void {
  const stop = announceSidecar(folder, { pid: process.pid, instance: 'stand-in' }, systemClock);
  context.after(stop);
  return stop;
}

async function watchAll(folder: string, count: number): Promise<readonly ControlClient[]> {
  const paths = await untilSockets(folder, count);
  return await Promise.all(paths.map((path) => connectControl(path, { watch: true })));
}

describe('a process that a sidecar watches', TOGETHER, () => {
  test('opens no port; exports by itself soon after the sidecar is lost; and leaves it again when it is back', async (context) => {
    const folder = temporaryFolder(context);
    const port = await freePort();
    const endAnnouncement = announce(context, folder);
    const app = startNode({
      args: ['-e', 'process.stdin.resume()'],
      env: { PLIMSOLL_DIR: folder, PLIMSOLL_LISTEN: `127.0.0.1:${port}`, OTEL_LOG_LEVEL: 'info' },
    });
    const client = await connectIn(folder, true);
    await untilSnapshot(client, ({ note }) => note.exporter === 'sidecar');
    assert.ok(await isFree(port));
    await client.ask('drill', { level: 'elevated', forMs: 1 });

    endAnnouncement();
    client.close();
    const lostMs = performance.now();
    await scrapeUntil(port, ({ processes }) => processes.length === 1);
    const tookMs = performance.now() - lostMs;
    // three seconds and a sample; beside other tests everything takes longer
    assert.ok(tookMs > 2500 && tookMs < 12_000, `${tookMs} ms after the loss`);

    const again = await connectIn(folder, true);
    const freeMs = await untilFree(port);
    assert.ok(freeMs < 8000, `${freeMs} ms after the return`);
    again.close();
    app.child.stdin.end();
    const { code, stderr, report } = await app.ended;
    assert.equal(code, 0, report);
    const said = [...stderr.matchAll(/metrics are (exported by the sidecar|asked for at)/g)].map(([, way]) => way);
    assert.deepEqual(said, ['exported by the sidecar', 'asked for at', 'exported by the sidecar'], report);
  });

  test('that is announced and never comes is waited for no longer than three seconds', async (context) => {
    const folder = temporaryFolder(context);
    const port = await freePort();
    announce(context, folder);
    const startedMs = performance.now();
    const app = startNode({
      args: ['-e', 'process.stdin.resume()'],
      env: { PLIMSOLL_DIR: folder, PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
    });
    await scrapeUntil(port, ({ processes }) => processes.length === 1);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs > 3000, `${tookMs} ms after the start`);
    app.child.stdin.end();
    assert.equal((await app.ended).code, 0);
  });

  test('whose folder was deleted is found again when the folder is back', async (context) => {
    const folder = temporaryFolder(context);
    const app = startNode({ args: ['-e', 'process.stdin.resume()'], env: { PLIMSOLL_DIR: folder } });
    const watching = await connectIn(folder, true);
    rmSync(folder, { recursive: true });
    await watching.ask('snapshot', {});
    watching.close();
    mkdirSync(folder);
    const again = await connectIn(folder, true);
    assert.deepEqual(again.hello, watching.hello);
    again.close();
    app.child.stdin.end();
    assert.equal((await app.ended).code, 0);
  });

  test('with its siblings leaves the address that they share, and takes it back with them', async (context) => {
    const folder = temporaryFolder(context);
    const port = await freePort();
    const three = ['main', 'worker-1', 'worker-2'];
    const cluster = startNode({
      args: [CLUSTER, '2'],
      env: { PLIMSOLL_DIR: folder, PLIMSOLL_LISTEN: `127.0.0.1:${port}` },
    });
    assert.deepEqual((await untilProcesses(port, three)).processes, three);
    const clients = await watchAll(folder, 3);
    await untilFree(port);
    await Promise.all(clients.map((client) => untilSnapshot(client, ({ note }) => note.exporter === 'sidecar')));
    assert.ok(await isFree(port));
    for (const client of clients) client.close();
    assert.deepEqual((await untilProcesses(port, three)).processes, three);
    cluster.child.stdin.end();
    const { code, stderr, report } = await cluster.ended;
    assert.deepEqual([code, stderr], [0, ''], report);
  });
});
