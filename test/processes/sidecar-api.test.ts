/** The HTTP API of a real sidecar over a real process, asked by who means harm. docs/api.md has those who do not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { ApiMemoryStatus } from '../../agent/sidecar/api/types.ts';
import { ask, rawConnection } from '../helpers/http-client.ts';
import { freePort } from '../helpers/prometheus.ts';
import { SIDECAR_UP, startPlimsoll, temporaryFolder } from '../helpers/run-cli.ts';
import { startNode } from '../helpers/run-node.ts';

const EVENTS = '/api/v1/events';
const HISTORY = '/api/v1/memory/history?resolution=raw&since=1d';
const MIB = 2 ** 20;

interface Watched {
  readonly port: number;
  readonly pid: number;
  stderr(): string;
}

async function openSidecar(context: TestContext): Promise<Watched> {
  const directory = temporaryFolder(context);
  const port = await freePort();
  const env = { PLIMSOLL_DIR: directory, PLIMSOLL_DATA_DIR: directory };
  const app = startNode({ args: ['-e', 'setInterval(() => {}, 1000)'], env });
  const sidecar = startPlimsoll(['sidecar'], { env: { ...env, PLIMSOLL_API_LISTEN: `127.0.0.1:${port}` } });
  context.after(async () => {
    for (const running of [app, sidecar]) running.child.kill('SIGKILL');
    await Promise.all([app.ended, sidecar.ended]);
  });
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const found = await ask({ port, path: '/api/v1/memory/status' }).then(
      ({ body }) => (JSON.parse(body.toString()) as ApiMemoryStatus).processes.length,
      () => 0,
    );
    if (found > 0) return { port, pid: sidecar.child.pid ?? 0, stderr: sidecar.stderr };
    assert.ok(performance.now() < deadlineMs, `no process is shown\n${sidecar.stderr()}`);
    await delay(50);
  }
}

function rssBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

/** Held open until it is destroyed. */
async function hold(port: number, path: string): Promise<{ outgoing: ClientRequest; status: number }> {
  const outgoing = request({ port, host: '127.0.0.1', path, agent: false });
  outgoing.on('error', () => {});
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return { outgoing, status: response.statusCode ?? 0 };
}

async function abuse(port: number): Promise<Readonly<Record<number, number>>> {
  const streams = await Promise.all(Array.from({ length: 200 }, () => hold(port, EVENTS)));
  const deaf = await Promise.all(
    Array.from({ length: 20 }, () => rawConnection(port, `GET ${HISTORY} HTTP/1.1\r\nHost: localhost\r\n\r\n`, true)),
  );
  const slow = await Promise.all(Array.from({ length: 20 }, () => rawConnection(port, 'GET / HTTP/1.1\r\nX: ')));
  for (const { outgoing } of streams) outgoing.destroy();
  for (const { socket } of [...deaf, ...slow]) socket.destroy();
  const counts: Record<number, number> = {};
  for (const { status } of streams) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const skip = process.platform === 'linux' ? false : 'the memory of another process is read in /proc';

test(
  'two hundred streams, deaf readers and slow writers get their status, and cost no memory',
  { skip },
  async (context) => {
    const { port, pid, stderr } = await openSidecar(context);
    const expected = { 200: 64, 503: 136 };
    // what is compiled and pooled once is no leak
    assert.deepEqual(await abuse(port), expected);
    const before = rssBytes(pid);
    assert.deepEqual(await abuse(port), expected);
    const grown = rssBytes(pid) - before;
    context.diagnostic(`RSS ${(before / MIB).toFixed(1)} MiB, then ${(grown / MIB).toFixed(1)} MiB more`);
    assert.ok(grown < 12 * MIB, `${grown} bytes more after the second round`);
    assert.equal((await ask({ port, path: '/api/v1/memory/status' })).status, 200);
    assert.equal(stderr().replace(SIDECAR_UP, ''), '');
  },
);
