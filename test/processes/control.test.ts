/** The control socket of real processes: what it answers, who may connect, and that the application does not notice it. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { connectControl } from '../../agent/control/client.ts';
import { appIn } from '../../scripts/install-apps.ts';
import { connectIn, readingOf, socketsIn, untilSnapshot, untilSockets } from '../helpers/control.ts';
import { onWindows } from '../helpers/platform.ts';
import { plimsoll, temporaryFolder } from '../helpers/run-cli.ts';
import { startNode, type RunningNode, type RunOptions } from '../helpers/run-node.ts';

const LRU_CACHE = createRequire(import.meta.url).resolve('lru-cache');
const CLUSTER = join(import.meta.dirname, '../fixtures/apps/processes/cluster.cjs');

/** A service with a cache, which says what it is told; it ends by itself when its stdin ends. */
const SERVICE = `
  const { AsyncLocalStorage } = require('node:async_hooks');
  const storage = new AsyncLocalStorage();
  storage.enterWith('of the application');
  const { LRUCache } = require(${JSON.stringify(LRU_CACHE)});
  const agent = process[Symbol.for('plimsoll.agent.v1')];
  const cache = new LRUCache({ max: 1000 });
  for (let i = 0; i < 200; i++) cache.set(i, 'x'.repeat(10000) + i);
  agent.registerCache(cache, { name: 'thumbnails', sizeOf: (text) => text.length });
  agent.registerReclaimer({ name: 'asked', priority: 'first', reclaim: () => (console.log('in', storage.getStore()), 0) });
  agent.onPressure('change', ({ level }) => console.log('level', level));
  process.stdin.on('data', (code) => (process.exitCode = Number(code)));
`;

function startService(folder: string, options: Partial<RunOptions> = {}): RunningNode {
  const { env, ...others } = options;
  return startNode({ args: ['-e', SERVICE], ...others, env: { PLIMSOLL_DIR: folder, ...env } });
}

const TOGETHER = { concurrency: true, skip: onWindows('a folder to put a socket in') };

interface Processes {
  readonly processes: readonly { readonly until?: string | null; readonly outcome?: { readonly outcome: string } }[];
}

describe('the control socket of an agent', TOGETHER, () => {
  test('answers what it is asked, outside of what the application does; its process ends by itself all the same', async (context) => {
    const folder = temporaryFolder(context);
    const service = startService(folder, { env: { PLIMSOLL_DATA_DIR: folder } });
    const client = await connectIn(folder, true);
    assert.equal(client.hello.pid, service.child.pid);

    const snapshot = await untilSnapshot(client, (found) => readingOf(found, 'processRssBytes') > 20e6);
    assert.equal(snapshot.note.mode, 'protect');
    const [cache] = await client.ask('caches', {});
    assert.deepEqual([cache?.name, cache?.library, cache?.entries], ['thumbnails', 'lru-cache', 200]);

    const reclaimed = await client.ask('reclaim', { targetBytes: 500_000 });
    assert.equal(reclaimed.targetBytes, 500_000);
    assert.ok(reclaimed.shares.some(({ name, promisedBytes }) => name === 'thumbnails' && promisedBytes > 0));
    await service.until(/in undefined/);
    assert.doesNotMatch(service.stdout(), /of the application/);

    const [cleared] = await client.ask('clear', { name: 'thumbnails' });
    assert.ok((cleared?.entries ?? 0) > 0);
    assert.equal((await client.ask('caches', {}))[0]?.entries, 0);
    await assert.rejects(client.ask('clear', { name: 'none' }), { code: 'PLM_CONTROL_REFUSED', message: /"none"/ });

    const { path, bytes } = await client.ask('capture', { kind: 'report' });
    assert.equal(statSync(path).size, bytes);
    await assert.rejects(client.ask('capture', { kind: 'report' }), { message: 'cool-down of 300 s' });
    await assert.rejects(client.ask('capture', { kind: 'profile' }), { message: /sampled from now on/ });

    service.child.stdin.end();
    const { code, report } = await service.ended;
    assert.equal(code, 0, report);
    await client.ended;
    assert.deepEqual(socketsIn(folder), []);
  });

  test('a drill is answered as the level it asks for, marked wherever it shows, and leaves the classifier alone', async (context) => {
    const folder = temporaryFolder(context);
    const service = startService(folder, { env: { PLIMSOLL_DATA_DIR: folder } });
    const client = await connectIn(folder, true);
    const before = await untilSnapshot(client, (found) => readingOf(found, 'level') === 0);
    assert.ok(Number.isNaN(readingOf(before, 'drillLevel')));

    const drill = await plimsoll(['drill', '--level', 'high', '--for', '10m', '--dir', folder, '--json']);
    assert.equal(drill.code, 0, drill.report);
    const { processes } = JSON.parse(drill.stdout) as Processes;
    assert.ok(Date.parse(processes[0]?.until ?? '') > Date.now() + 590_000, drill.stdout);
    await service.until(/level high/);
    const during = await untilSnapshot(client, (found) => readingOf(found, 'level') === 2);
    assert.equal(readingOf(during, 'drillLevel'), 2);
    assert.equal(readingOf(during, 'transition_normal_high'), 0);
    assert.ok(during.note.degraded.some(({ reason }) => reason === 'drill'));
    const changed = during.note.events.find(({ name }) => name === 'plimsoll.pressure.changed');
    assert.match(changed?.text ?? '', /^drill: a drill asks for high, memory does not/);
    assert.equal(changed?.attributes['plimsoll.drill'], 'true');
    await service.until(/\[plimsoll\] drill: pressure high \(was normal\)/, 'stderr');

    const [status, json] = await Promise.all([
      plimsoll(['status', '--dir', folder]),
      plimsoll(['status', '--dir', folder, '--json']),
    ]);
    assert.match(status.stdout, /level +high \(drill\)/);
    assert.equal((JSON.parse(json.stdout) as { memory: { drill: string } }).memory.drill, 'high');

    const ended = await plimsoll(['drill', '--level', 'normal', '--dir', folder, '--instance', client.hello.instance]);
    assert.match(ended.stdout, /no drill\n$/, ended.report);
    await service.until(/level normal/);
    const after = await untilSnapshot(client, (found) => readingOf(found, 'level') === 0);
    assert.ok(Number.isNaN(readingOf(after, 'drillLevel')));
    assert.ok(after.note.degraded.every(({ reason }) => reason !== 'drill'));
    await client.ask('drill', { level: 'elevated', forMs: 100 });
    await service.until(/level elevated\nlevel normal/);
    service.child.stdin.end('1'); // its exit code: what ends well so soon leaves no recording
    await service.ended;
    const ring = readdirSync(folder).find((name) => name.endsWith('.ring')) ?? '';
    const replay = await plimsoll(['replay', join(folder, ring), '--json']);
    const { agreementRatio, drilled } = JSON.parse(replay.stdout) as { agreementRatio: number; drilled: number };
    assert.ok(agreementRatio === 1 && drilled > 1, replay.stdout);
  });

  test('in observe it says what it would do, and does nothing', async (context) => {
    const folder = temporaryFolder(context);
    const service = startService(folder, { env: { PLIMSOLL_MODE: 'observe' } });
    const client = await connectIn(folder, false);
    await untilSnapshot(client, (found) => readingOf(found, 'level') === 0);
    const reclaim = plimsoll(['reclaim', '--dir', folder, '--pid', `${service.child.pid}`]);
    await assert.rejects(client.ask('clear', {}), { message: 'observe: would empty every cache that was registered' });
    await assert.rejects(client.ask('capture', { kind: 'report' }), { message: 'observe: would write report' });
    const { stdout, code, report } = await reclaim;
    assert.match(stdout, /skipped: observe: would /, report);
    assert.equal(code, 0, report);
    assert.equal((await client.ask('caches', {}))[0]?.entries, 200);
    client.close();
    service.child.stdin.end();
    assert.doesNotMatch((await service.ended).stdout, /in /);
  });

  test('its permissions are those of the ring file, under every umask', async (context) => {
    for (const [umask, folderMode] of [
      ['022', 0o2770],
      ['077', 0o2770],
      ['022', 0o700],
    ] as const) {
      const folder = join(temporaryFolder(context), 'shared');
      mkdirSync(folder);
      chmodSync(folder, folderMode);
      const service = startService(folder, { shellBefore: `umask ${umask}` });
      const [path = ''] = await untilSockets(folder, 1);
      const ring = statSync(path.replace(/sock$/, 'ring'));
      const socket = statSync(path);
      assert.deepEqual([socket.mode & 0o777, socket.gid], [ring.mode & 0o777, ring.gid]);
      assert.equal(socket.mode & 0o007, 0);
      service.child.kill('SIGKILL');
      await service.ended;
    }
  });

  test('each worker of a cluster has its own', async (context) => {
    const folder = temporaryFolder(context);
    const cluster = startNode({ args: [CLUSTER, '2'], env: { PLIMSOLL_DIR: folder } });
    const paths = await untilSockets(folder, 3);
    const pids = await Promise.all(
      paths.map(async (path) => {
        const client = await connectControl(path, { watch: false });
        client.close();
        return client.hello.pid;
      }),
    );
    await cluster.until(/(online \d+ \d+[^]*){2}/);
    const workers = [...cluster.stdout().matchAll(/online \d+ (\d+)/g)].map(([, pid]) => Number(pid));
    assert.deepEqual(new Set(pids), new Set([cluster.child.pid, ...workers]));
    cluster.child.stdin.end();
    const { code, stderr, report } = await cluster.ended;
    assert.deepEqual([code, stderr], [0, ''], report);
    assert.deepEqual(socketsIn(folder), []);
  });

  test('a connection ends with its process, also with one that is killed', async (context) => {
    const folder = temporaryFolder(context);
    const service = startService(folder);
    const client = await connectIn(folder, true);
    const question = client.ask('snapshot', {});
    service.child.kill('SIGKILL');
    await client.ended;
    await question.catch(() => undefined);
    const { code, report } = await plimsoll(['drill', '--level', 'high', '--dir', folder]);
    assert.equal(code, 1, report);
    assert.match(report, /PLM_CONTROL_FAILED.*ECONNREFUSED|PLM_NO_PROCESS/);
  });

  test('the application and its instrumentation see nothing of it', { skip: appIn('otel-2').skip }, async (context) => {
    const folder = temporaryFolder(context);
    const program = `
      const { node, tracing } = require('@opentelemetry/sdk-node');
      const exporter = new tracing.InMemorySpanExporter();
      const provider = new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] });
      provider.register();
      for (const name of ['net', 'dns', 'fs', 'http']) {
        const module = require('@opentelemetry/instrumentation-' + name);
        const Instrumentation = Object.values(module).find((each) => /Instrumentation$/.test(each.name ?? ''));
        new Instrumentation({ requireParentSpan: false }).setTracerProvider(provider);
      }
      require('node:fs');
      const net = require('node:net');
      const say = () => console.log('spans', JSON.stringify(exporter.getFinishedSpans().map(({ name }) => name)));
      process.stdin.on('data', (path) => {
        say();
        net.connect(String(path).trim()).on('connect', function () { this.destroy(); say(); });
      });
      console.log('ready');
    `;
    const service = startNode({
      args: ['-e', program],
      cwd: appIn('otel-2').folder,
      env: { PLIMSOLL_DIR: folder, PLIMSOLL_LISTEN: '127.0.0.1:0' },
    });
    await service.until(/ready/);
    const client = await connectIn(folder, true);
    await client.ask('snapshot', {});
    await client.ask('drill', { level: 'elevated', forMs: 50 });
    client.close();
    const [path = ''] = socketsIn(folder);
    service.child.stdin.write(`${path}\n`);
    const [, spans = '', ofItsOwn = ''] = await service.until(/spans (.*)\n[^]*spans (.*)/);
    assert.deepEqual([JSON.parse(spans), JSON.parse(ofItsOwn)], [[], ['ipc.connect']]);
    service.child.stdin.end();
    const { code, report } = await service.ended;
    assert.equal(code, 0, report);
  });
});
