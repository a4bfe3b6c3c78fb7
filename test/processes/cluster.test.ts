/** Clusters of real processes: one scrape tells of all of them, and the cluster behaves as it does without Plimsoll. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { scrape, scrapeUntil, untilProcesses } from '../helpers/endpoint.ts';
import { OTHER_VERSION, writeOtherVersion } from '../helpers/other-version.ts';
import { freePort } from '../helpers/prometheus.ts';
import { plimsoll, temporaryFolder } from '../helpers/run-cli.ts';
import { AGENT, startNode, type RunningNode, type RunOptions, type RunResult } from '../helpers/run-node.ts';

const APPS = join(import.meta.dirname, '../fixtures/apps/processes');
const FIVE = ['main', 'worker-1', 'worker-2', 'worker-3', 'worker-4'];

interface Cluster {
  readonly port: number;
  readonly node: RunningNode;
  /** Of the workers, by the cluster's own number. */
  pid(worker: number): Promise<number>;
  send(worker: number, message: object): void;
  /** Its stdin ends, it disconnects its workers and ends. */
  end(): Promise<RunResult>;
}

async function startCluster(workers: number, options: Partial<RunOptions> = {}): Promise<Cluster> {
  const port = await freePort();
  const { args = [join(APPS, 'cluster.cjs')], env, ...others } = options;
  const node = startNode({
    ...others,
    args: [...args, String(workers)],
    env: { PLIMSOLL_LISTEN: `127.0.0.1:${port}`, ...env },
  });
  return {
    port,
    node,
    pid: async (worker) => Number((await node.until(new RegExp(`online ${worker} (\\d+)`)))[1]),
    send: (worker, message) => node.child.stdin.write(`${worker} ${JSON.stringify(message)}\n`),
    end() {
      node.child.stdin.end();
      return node.ended;
    },
  };
}

function assertUnharmed({ code, stderr, report }: RunResult): void {
  assert.deepEqual([code, stderr], [0, ''], report);
}

describe('a cluster of four', { concurrency: 3 }, () => {
  const ways: readonly [string, Partial<RunOptions>][] = [
    ['-r, CommonJS', {}],
    ['--import, ES modules', { preload: 'import', args: [join(APPS, 'cluster.mjs')] }],
    ['NODE_OPTIONS, full', { preload: 'node-options', env: { PLIMSOLL_METRICS: 'full' } }],
  ];
  for (const [name, options] of ways) {
    test(`is one scrape of five processes, no series twice (${name})`, async () => {
      const cluster = await startCluster(4, options);
      const found = await untilProcesses(cluster.port, FIVE);
      assert.deepEqual(found.processes, FIVE);
      assert.equal(new Set(found.keys).size, found.keys.length);
      const most = options.env === undefined ? 50 : 150;
      for (const process of FIVE) {
        const own = found.samples.filter(({ labels }) => labels['plimsoll_process'] === process);
        assert.ok(own.length > 20 && own.length <= most, `${process} has ${own.length} series`);
        assert.ok((found.valueOf('process_memory_usage_bytes', process) ?? 0) > 20e6, process);
      }
      const ofContainer = found.samples.filter(({ name: metric }) => /^(plimsoll_container|system)_/.test(metric));
      assert.deepEqual([...new Set(ofContainer.map(({ labels }) => labels['plimsoll_process']))], ['main']);
      assertUnharmed(await cluster.end());
    });
  }

  test('talks and ends as it does without Plimsoll', async () => {
    const outputs: string[][] = [];
    for (const preload of ['none', 'require'] as const) {
      const cluster = await startCluster(4, { preload });
      await cluster.node.until(/(listening[^]*){4}/);
      if (preload === 'require') await untilProcesses(cluster.port, FIVE);
      cluster.send(3, { hello: 'worker' });
      await cluster.node.until(/message 3 .*hello/);
      const result = await cluster.end();
      assertUnharmed(result);
      const lines = result.stdout.replaceAll(/(online \d+|listening \d+) \d+/g, '$1').split('\n');
      outputs.push(lines.toSorted());
    }
    assert.ok(
      outputs[0]?.some((line) => line.startsWith('message 3 {"echo":{"hello":"worker"}')),
      outputs[0]?.join('\n'),
    );
    assert.deepEqual(outputs[1], outputs[0]);
  });

  test('is five processes for plimsoll status', async () => {
    const cluster = await startCluster(4);
    await untilProcesses(cluster.port, FIVE);
    const { stdout } = await plimsoll(['status', '--json', '--listen', `127.0.0.1:${cluster.port}`]);
    const { processes } = JSON.parse(stdout) as { processes: { process: string; serviceName: string }[] };
    assert.deepEqual(
      processes.map(({ process, serviceName }) => `${serviceName} ${process}`).toSorted(),
      FIVE.map((slot) => `shop ${slot}`),
    );
    assertUnharmed(await cluster.end());
  });

  test('whose worker is killed has its replacement in the same slot', async () => {
    const cluster = await startCluster(4);
    const before = await untilProcesses(cluster.port, FIVE);
    process.kill(await cluster.pid(2), 'SIGKILL');
    const without = await scrapeUntil(cluster.port, (found) => !found.processes.includes('worker-2'));
    assert.deepEqual(without.processes, ['main', 'worker-1', 'worker-3', 'worker-4'], 'what has gone is gone at once');
    await cluster.pid(5);
    const again = await untilProcesses(cluster.port, FIVE);
    assert.deepEqual(again.processes, FIVE);
    assert.deepEqual(again.keys.toSorted(), before.keys.toSorted(), 'not one new series');
    const result = await cluster.end();
    assert.match(result.stdout, /exit 2 null SIGKILL/);
    assertUnharmed(result);
  });

  test('two of which are blocked answers in less than a second, with what they last said', async () => {
    const cluster = await startCluster(4);
    const before = await untilProcesses(cluster.port, FIVE);
    cluster.send(1, { blockMs: 3000 });
    cluster.send(4, { blockMs: 3000 });
    const found = await scrapeUntil(cluster.port, ({ durationMs }) => durationMs > 200);
    const later = await scrape(cluster.port);
    for (const { durationMs, processes } of [found, later]) {
      assert.ok(durationMs > 200 && durationMs < 1000, `${durationMs} ms`);
      assert.deepEqual(processes, FIVE);
    }
    const SAMPLED = 'plimsoll_agent_last_sample_seconds';
    assert.equal(later.valueOf(SAMPLED, 'worker-1'), found.valueOf(SAMPLED, 'worker-1'));
    assert.ok((later.valueOf(SAMPLED, 'worker-4') ?? 0) >= (before.valueOf(SAMPLED, 'worker-4') ?? Infinity));
    await cluster.node.until(/message 1 .*blockMs/);
    const free = await scrapeUntil(cluster.port, ({ durationMs }) => durationMs < 200);
    assert.ok((free.valueOf(SAMPLED, 'worker-1') ?? 0) > (later.valueOf(SAMPLED, 'worker-1') ?? Infinity));
    assertUnharmed(await cluster.end());
  });

  test('whose primary is killed ends as it always did', async () => {
    const cluster = await startCluster(4);
    await untilProcesses(cluster.port, FIVE);
    cluster.node.child.kill('SIGKILL');
    const { signal, stderr, timedOut, report } = await cluster.node.ended; // with its outputs, which its workers have too
    assert.deepEqual([signal, stderr, timedOut], ['SIGKILL', '', false], report);
  });
});

describe('workers that are started in another way', { concurrency: 3 }, () => {
  const settings = JSON.stringify({ execArgv: [] });

  test('setupPrimary({ execArgv: [] }) takes -r from them: one process', async () => {
    const cluster = await startCluster(2, { env: { SETTINGS: settings } });
    await cluster.node.until(/(listening[^]*){2}/);
    assert.deepEqual((await untilProcesses(cluster.port, ['main'])).processes, ['main']);
    assertUnharmed(await cluster.end());
  });

  test('setupPrimary({ execArgv: [] }) leaves them NODE_OPTIONS: three processes', async () => {
    const cluster = await startCluster(2, { preload: 'node-options', env: { SETTINGS: settings } });
    const three = FIVE.slice(0, 3);
    assert.deepEqual((await untilProcesses(cluster.port, three)).processes, three);
    assertUnharmed(await cluster.end());
  });

  test('with a PLIMSOLL_LISTEN of their own they answer there', async () => {
    const own = await freePort();
    const env = { WORKER_ENV: JSON.stringify({ PLIMSOLL_LISTEN: `127.0.0.1:${own}` }) };
    const cluster = await startCluster(2, { env });
    const workers = ['worker-1', 'worker-2'];
    const found = await scrapeUntil(own, ({ processes }) => processes.length === 2);
    assert.deepEqual(found.processes.toSorted(), workers);
    assert.deepEqual((await untilProcesses(cluster.port, ['main'])).processes, ['main']);
    assertUnharmed(await cluster.end());
  });

  for (const [name, primaryIsOld] of [
    ['a newer primary', false],
    ['an older primary', true],
  ] as const) {
    test(`another version of Plimsoll in the workers of ${name} is understood by the names of its columns`, async (t) => {
      const other = writeOtherVersion(temporaryFolder(t));
      const [ofPrimary, ofWorkers] = primaryIsOld ? [other, AGENT] : [AGENT, other];
      const cluster = await startCluster(2, {
        preload: 'none',
        args: ['-r', ofPrimary, join(APPS, 'cluster.cjs')],
        env: { SETTINGS: JSON.stringify({ execArgv: ['-r', ofWorkers] }) },
      });
      const found = await untilProcesses(cluster.port, FIVE.slice(0, 3));
      const versions = found.processes.map((process) => found.infoOf(process)['version'] === OTHER_VERSION);
      assert.deepEqual(versions, [primaryIsOld, !primaryIsOld, !primaryIsOld]);
      for (const process of found.processes) {
        assert.equal(found.valueOf('process_memory_usage_bytes', process) === undefined, process !== 'main', process);
        const sampledSeconds = found.valueOf('plimsoll_agent_last_sample_seconds', process) ?? 0;
        assert.ok(
          Math.abs(sampledSeconds - Date.now() / 1000) < 10,
          'the columns after the one that is lacking are right',
        );
        assert.ok((found.valueOf('plimsoll_pressure_ratio', process) ?? 9) < 1.5, process);
      }
      assertUnharmed(await cluster.end());
    });
  }
});
