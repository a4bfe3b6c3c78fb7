/** Processes that start others, in every way there is: they behave as without Plimsoll, and those that stay share one scrape. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { scrapeUntil, untilProcesses } from '../helpers/endpoint.ts';
import { freePort } from '../helpers/prometheus.ts';
import { temporaryFolder } from '../helpers/run-cli.ts';
import { runNode, startNode, type RunningNode } from '../helpers/run-node.ts';

const APPS = join(import.meta.dirname, '../fixtures/apps/processes');

interface Service {
  readonly node: RunningNode;
  end(): Promise<void>;
}

function startService(t: TestContext, port: number, env: Readonly<Record<string, string>>, ...args: string[]): Service {
  const node = startNode({
    args: [join(APPS, 'waits.cjs'), ...args],
    env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}`, ...env },
  });
  t.after(() => node.child.kill('SIGKILL'));
  return {
    node,
    async end() {
      node.child.stdin.end();
      const { code, stderr, report } = await node.ended;
      assert.deepEqual([code, stderr], [0, ''], report);
    },
  };
}

describe('a process and its children', { concurrency: 4 }, () => {
  const args = [join(APPS, 'children.cjs')];
  const withoutAgent = runNode({ preload: 'none', args });
  for (const preload of ['require', 'node-options'] as const) {
    test(`say, send and end what they do without Plimsoll, however they are started (${preload})`, async () => {
      const without = await withoutAgent;
      const found = await runNode({ preload, args, env: { PLIMSOLL_LISTEN: `127.0.0.1:${await freePort()}` } });
      assert.match(without.stdout, /"how":"fork","stdout":"forked true\\n".*"forked":\{"question":"fork"\}.*"code":3/);
      assert.match(without.stdout, /"pipeline".*"writer false\\n"[^]*parent is done\noutlives false/);
      assert.equal(found.stdout, without.stdout, found.report);
      assert.deepEqual([found.code, found.stderr], [0, ''], found.report);
    });
  }

  test('a child that stays is in the scrape of its parent when it is 10 s old, not before, whatever its package', async (t) => {
    const folder = join(temporaryFolder(t), 'node_modules/some-pool');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "name": "some-pool" }');
    writeFileSync(
      join(folder, 'worker.js'),
      'setInterval(() => {}, 1000); process.on("disconnect", () => process.exit())',
    );
    const port = await freePort();
    const startedMs = performance.now();
    const service = startService(t, port, {}, 'fork', join(folder, 'worker.js'));
    const found = await untilProcesses(port, ['main', 'worker-1']);
    assert.deepEqual(found.processes, ['main', 'worker-1']);
    assert.ok(performance.now() - startedMs > 10_000, 'it is no exec probe');
    await service.end();
  });
});

describe('processes of one service', { concurrency: 4 }, () => {
  const instance = (number: number, more: Readonly<Record<string, string>> = {}) => ({
    NODE_APP_INSTANCE: String(number),
    ...more,
  });

  test('go on in one scrape when the one that served them is killed, each in its slot', async (t) => {
    const port = await freePort();
    const first = startService(t, port, instance(0));
    await untilProcesses(port, ['main']);
    const others = [1, 2, 3].map((number) => startService(t, port, instance(number)));
    await untilProcesses(port, ['main', 'worker-1', 'worker-2', 'worker-3']);

    first.node.child.kill('SIGKILL');
    await first.node.ended;
    const killedMs = performance.now();
    const left = await untilProcesses(port, ['worker-1', 'worker-2', 'worker-3']);
    assert.deepEqual(left.processes, ['worker-1', 'worker-2', 'worker-3']);
    assert.ok(performance.now() - killedMs < 2000, 'soon');
    const tellers = left.samples.filter(({ name }) => /^(plimsoll_container|system)_/.test(name));
    assert.equal(
      new Set(tellers.map(({ labels }) => labels['plimsoll_process'])).size,
      1,
      'one tells of the container',
    );

    const replacement = startService(t, port, instance(0));
    const again = await untilProcesses(port, ['main', 'worker-1', 'worker-2', 'worker-3']);
    assert.equal(again.processes[0], 'main');
    await Promise.all([...others, replacement].map((service) => service.end()));
  });

  test('another service at the same address is not mixed in: one line, for who asks for such lines', async (t) => {
    const port = await freePort();
    const shop = startService(t, port, {});
    await untilProcesses(port, ['main']);
    const quiet = startService(t, port, instance(1, { OTEL_SERVICE_NAME: 'till' }));
    const telling = startService(t, port, instance(1, { OTEL_SERVICE_NAME: 'till', OTEL_LOG_LEVEL: 'info' }));
    const [line] = await telling.node.until(/.*PLM_LISTEN_OTHER_SERVICE.*\n/, 'stderr');
    assert.match(line, new RegExp(`PLIMSOLL_LISTEN is 127\\.0\\.0\\.1:${port}: the agent of service shop has it\\.`));
    assert.deepEqual((await scrapeUntil(port, () => true)).processes, ['main']);
    await Promise.all([shop, quiet].map((service) => service.end()));
  });

  test('a foreign program at the address is a problem that says so', async (t) => {
    const server: Server = createServer((_request, response) => response.writeHead(426).end());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const service = startService(t, port, instance(1));
    await service.node.until(/PLM_LISTEN_FAILED: .*the port is taken/, 'stderr');
  });
});
