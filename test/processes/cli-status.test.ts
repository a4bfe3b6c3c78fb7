/** `plimsoll status`: live processes with the built agent, found by ring file and by metrics endpoint. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import { onWindows } from '../helpers/platform.ts';
import {
  assertPlain,
  CLI,
  plimsoll,
  plimsollInTerminal,
  startPlimsoll,
  temporaryFolder,
  WHEN_SAMPLED,
  whyNoTerminal,
} from '../helpers/run-cli.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';

const CACHE = `agent().registerCache({
  library: 'own', entries: () => 3, ownBytes: () => 3 * 2 ** 20, limit: () => ({ entries: 10, bytes: undefined }),
  sample: () => [], evict: () => undefined,
  counts: () => ({ hit: 4, miss: 1, expired: 0, evictions: { capacity: 0, ttl: 0, pressure: 0, manual: 0 } }),
}, { name: 'prices' });`;
const SERVICE = `${WHEN_SAMPLED} ${CACHE} setInterval(() => {}, 1000); const poll = setInterval(() => {
  const { available, listening } = agent().status();
  if (!available || (listening === undefined && process.env.PLIMSOLL_EXPORTER !== 'none')) return;
  clearInterval(poll);
  console.log('listening', listening);
}, 10)`;

/** Keys that programs may rely on; docs/cli.md lists them. */
const KEYS = ['available', 'enabled', 'at', 'memory', 'cache', 'detailed', 'processes', 'problem'];
const MEMORY_KEYS = [
  'level',
  'levelSince',
  'drill',
  'pressureRatio',
  'bindingConstraint',
  'headroomBytes',
  'timeToLimitSeconds',
  'rssBytes',
  'heapUsedBytes',
  'heapLimitBytes',
  'containerUsedBytes',
  'containerLimitBytes',
];
const CACHE_KEYS = [
  'bytes',
  'hits',
  'misses',
  'hitRatio',
  'pressureEvictions',
  'promisedBytes',
  'freedBytes',
  'shedRequests',
  'caches',
];
const PROCESS_KEYS = [
  'serviceName',
  'serviceInstanceId',
  'process',
  'pid',
  'agentVersion',
  'nodeVersion',
  'mode',
  'from',
  'ageSeconds',
  'memory',
  'cache',
  'detailed',
];

interface Document {
  readonly available: boolean;
  readonly enabled: boolean;
  readonly memory: Readonly<Record<string, unknown>>;
  readonly cache: object | null;
  readonly detailed: {
    readonly constraints: readonly { constraint: string }[];
    readonly readings: Record<string, number>;
  };
  readonly processes: readonly (Readonly<Record<string, unknown>> & { memory: Record<string, unknown> })[];
}

function assertShape(document: Document): void {
  assert.deepEqual(Object.keys(document).toSorted(), KEYS.toSorted());
  assert.deepEqual(Object.keys(document.memory), MEMORY_KEYS);
  assert.deepEqual(Object.keys(document.cache ?? {}), CACHE_KEYS);
  assert.deepEqual(Object.keys(document.detailed).toSorted(), ['constraints', 'degraded', 'readings']);
  for (const each of document.processes) {
    assert.deepEqual(Object.keys(each).toSorted(), PROCESS_KEYS.toSorted());
    assert.deepEqual(Object.keys(each.memory), MEMORY_KEYS);
  }
}

describe('status', { concurrency: 2 }, () => {
  const directory = join(temporaryFolder({ after }), 'rings');
  let calm: RunningNode;
  let critical: RunningNode;
  let url = '';

  before(async () => {
    const env = { PLIMSOLL_DIR: directory, OTEL_LOG_LEVEL: 'none' };
    const critically = {
      ...env,
      OTEL_SERVICE_NAME: 'tight',
      PLIMSOLL_PROCESS_BUDGET: '20MiB',
      PLIMSOLL_EXPORTER: 'none',
    };
    calm = startNode({ args: ['-e', SERVICE], env: { ...env, OTEL_SERVICE_NAME: 'calm' }, timeoutMs: 60_000 });
    critical = startNode({ args: ['-e', SERVICE], env: critically, timeoutMs: 60_000 });
    [, url = ''] = await calm.until(/listening (\S+)/);
    await critical.until(/listening/);
  });
  after(() => {
    calm.child.kill('SIGKILL');
    critical.child.kill('SIGKILL');
  });

  test('shows every process that records, the worst one first', async () => {
    const result = await plimsoll(['status', '--dir', directory]);
    assert.equal(result.code, 0, result.report);
    assert.equal(result.stderr, '');
    assertPlain(result);
    assert.match(
      result.stdout,
      new RegExp(`^tight main \\(pid ${critical.child.pid}\\)  mode protect  Node\\.js \\d`),
      result.report,
    );
    assert.match(result.stdout, new RegExp(`^calm main \\(pid ${calm.child.pid}\\)`, 'm'));
    assert.match(
      result.stdout,
      /^ {2}level {5}(high|critical) since .*\n {2}binding {3}budget\n {2}pressure {2}\d+(\.\d)? %\n {2}headroom {2}[\d.]+ MiB over, /m,
    );
    assert.match(result.stdout, /^ {2}RSS {7}[\d.]+ MiB\n {2}heap {6}[\d.]+ MiB of [\d.]+ [MG]iB\n {2}container /m);
  });

  test('--json has its keys, and the worst process on top', async () => {
    const result = await plimsoll(['status', '--json'], { env: { PLIMSOLL_DIR: directory } });
    assert.equal(result.code, 0, result.report);
    const document = JSON.parse(result.stdout) as Document;
    assertShape(document);
    assert.deepEqual([document.available, document.enabled, document.processes.length], [true, true, 2]);
    assert.deepEqual(document.memory, document.processes[0]?.memory);
    assert.equal(document.memory['bindingConstraint'], 'budget');
    assert.ok(document.detailed.constraints.some(({ constraint }) => constraint === 'budget'));
    assert.equal(document.detailed.readings['processRssBytes'], document.memory['rssBytes']);
    assert.equal(document.processes[0]?.['pid'], critical.child.pid);
  });

  test('tells caches from the ring file', async () => {
    const json = await plimsoll(['status', '--json', '--dir', directory]);
    const { cache } = JSON.parse(json.stdout) as { readonly cache: Readonly<Record<string, unknown>> };
    const { caches, ...all } = cache as { readonly caches: readonly unknown[] } & Record<string, unknown>;
    const numbers = { bytes: 3 * 2 ** 20, hits: 4, misses: 1, hitRatio: 0.8, pressureEvictions: 0 };
    assert.deepEqual(all, {
      ...numbers,
      promisedBytes: all['promisedBytes'],
      freedBytes: all['freedBytes'],
      shedRequests: null,
    });
    assert.deepEqual(caches, [
      { name: 'prices', library: 'own', sizeSource: 'own', entries: 3, limitEntries: 10, ...numbers },
    ]);
    const person = await plimsoll(['status', '--verbose', '--dir', directory]);
    assert.match(
      person.stdout,
      /^ {2}caches {4}3 MiB, 80 % hits\n {4}prices {2}own {2}3 entries of 10, 3 MiB, 80 % hits \(own\)$/m,
    );
  });

  test('--verbose adds constraints, what is degraded, and every reading', async () => {
    const result = await plimsoll(['status', '--dir', directory, '--verbose']);
    assert.match(result.stdout, /^ {2}constraints\n {4}heap .*\n {4}budget .* over/m, result.report);
    assert.match(result.stdout, /^ {2}degraded/m);
    assert.match(result.stdout, /^ {4}processRssBytes +\d+$/m);
  });

  test('asks the endpoint where nothing records there, with the same keys', async () => {
    const host = new URL(url).host;
    for (const args of [
      ['--url', url],
      ['--url', `http://${host}`],
      ['--listen', host],
      ['--listen', host, '--dir', '/nowhere'],
    ]) {
      const result = await plimsoll(['status', '--json', ...args]);
      assert.equal(result.code, 0, result.report);
      const document = JSON.parse(result.stdout) as Document;
      assertShape(document);
      assert.deepEqual(
        document.processes.map((each) => each['serviceName']),
        ['calm'],
      );
      assert.equal(document.processes[0]?.['from'], url);
      assert.equal(document.memory['level'], 'normal');
      assert.ok(Number(document.memory['rssBytes']) > 2 ** 24);
    }
  });

  test('without a process it says where it looked, and exits with 1', async () => {
    const args = ['status', '--listen', '127.0.0.1:1', '--dir', '/nowhere'];
    const result = await plimsoll(args);
    assert.deepEqual([result.code, result.stdout], [1, ''], result.report);
    assert.match(
      result.stderr,
      /^\[plimsoll\] PLM_NO_PROCESS: no live process records in \/nowhere, and nothing answers at http:\/\/127\.0\.0\.1:1\/metrics \(ECONNREFUSED\)[^\n]*\n$/,
    );
    const json = await plimsoll([...args, '--json']);
    assert.equal(json.code, 1);
    const { available, enabled, memory, processes } = JSON.parse(json.stdout) as Document;
    assert.deepEqual([available, enabled, memory, processes], [false, false, null, []]);
  });

  test('--watch appends a line per process each second and ends with Ctrl-C', async () => {
    const running = startPlimsoll(['status', '--dir', directory, '--watch']);
    await running.until(/([^\n]*tight[^\n]*\n[^\n]*calm[^\n]*\n){2}/);
    running.child.kill('SIGINT');
    const result = await running.ended;
    assert.deepEqual([result.code, result.stderr], [0, ''], result.report);
    for (const line of result.stdout.trimEnd().split('\n')) {
      assert.match(
        line,
        /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}(tight|calm) main \(pid \d+\) {2}[a-z]+ {2}[a-z]+ {2}[\d.]+ % {2}[\d.]+ \wiB (left|over)/,
      );
    }
  });

  test('--watch --json is one document a line', { skip: onWindows('SIGTERM') }, async () => {
    const running = startPlimsoll(['status', '--dir', directory, '--watch', '--json']);
    await running.until(/\n.*\n/);
    running.child.kill('SIGTERM');
    const result = await running.ended;
    assert.equal(result.code, 0, result.report);
    for (const line of result.stdout.trimEnd().split('\n')) assertShape(JSON.parse(line) as Document);
  });

  test('a reader that goes away ends it quietly', { skip: onWindows('SIGPIPE') }, async () => {
    const script = `"$0" "$1" status --watch --json --dir "$2" | head -n 1 >/dev/null; echo "[\${PIPESTATUS[0]}]"`;
    const child = spawn('bash', ['-c', script, process.execPath, CLI, directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.deepEqual([stdout, stderr], ['[0]\n', '']);
  });

  const noTerminal = whyNoTerminal();
  test('on a terminal --watch draws one page over itself, in colour', { skip: noTerminal ?? false }, async () => {
    const keys = ['\u0003'];
    const redraw = '\u001B[H\u001B[J';
    const args = ['status', '--watch', '--dir', directory];
    const { code, output } = await plimsollInTerminal(args, (seen, press) => {
      if (seen.split(redraw).length > 2) press(keys.pop() ?? '');
    });
    assert.equal(code, 0, output);
    assert.ok(
      ['35mhigh', '31mcritical'].some((level) => output.includes(`\u001B[${level}\u001B[39m`)),
      output,
    );
  });
});
