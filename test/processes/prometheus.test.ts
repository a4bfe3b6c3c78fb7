/** The listener inside real processes, and a real Prometheus that scrapes it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { bundle } from '../helpers/bundle.ts';
import { ask, rawConnection } from '../helpers/http-client.ts';
import { freePort, NO_PROMETHEUS, startPrometheus } from '../helpers/prometheus.ts';
import { parsePrometheus, seriesKey, seriesOf } from '../helpers/prometheus-text.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';

const program = bundle(join(import.meta.dirname, '../fixtures/prometheus/app.ts'));
after(() => program.remove());

function startApp(...args: readonly string[]): RunningNode {
  return startNode({ preload: 'none', args: [program.path, ...args] });
}

async function portOf(app: RunningNode): Promise<number> {
  return Number((await app.until(/listening .*:(\d+)\n/))[1]);
}

test('the bundle of the listener holds the serializer and no SDK, in less than 60 kB', () => {
  // 53 kB since the metrics tell of caches, the scripted snapshots of the test included. The SDK would be 150 kB more, and 33 ms of the loop.
  const output = Object.values(program.metafile.outputs)[0];
  const contributing = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const sdk = contributing
    .filter(([name]) => /@opentelemetry\/(sdk-metrics|resources)\//.test(name))
    .map(([name]) => name);
  assert.deepEqual(
    sdk.filter((name) => !/(MetricData|AggregationTemporality)\.mjs$/.test(name)),
    [],
    'only two enumerations come from the SDK',
  );
  assert.ok((output?.bytes ?? 0) < 60_000, `${output?.bytes} bytes`);
});

test('a process that has nothing else to do ends although it listens', async () => {
  const app = startApp('127.0.0.1', '0', 'core', 'idle');
  app.child.stdin.end();
  const { code, stdout, durationMs, report } = await app.ended;
  assert.equal(code, 0, report);
  assert.match(stdout, /^listening /, report);
  assert.ok(durationMs < 3000, report);
});

test('neither an open connection nor a scrape that is not read keeps the process alive', async () => {
  const app = startApp();
  const port = await portOf(app);
  const hanging = await rawConnection(port, 'GET /metr');
  const deaf = await rawConnection(port, 'GET /metrics HTTP/1.1\r\n\r\n', true);
  await ask({ port, path: '/healthz' });
  const endedMs = performance.now();
  app.child.stdin.end();
  const { code, report } = await app.ended;
  assert.equal(code, 0, report);
  assert.ok(performance.now() - endedMs < 2000, 'it waited for the connections');
  hanging.socket.destroy();
  deaf.socket.destroy();
});

test('workers of a cluster do not share the port: one has it, the other joins it', async () => {
  const port = await freePort();
  const app = startApp('127.0.0.1', String(port), 'core', 'cluster');
  await app.until(/listening[^]*listening/);
  const text = (await ask({ port, path: '/metrics' })).body.toString();
  assert.match(text, /^plimsoll_agent_info\{.*plimsoll_process="main"\} 1\n.*plimsoll_process="worker-1"\} 1$/m);
  app.child.stdin.end();
  await app.ended;
});

test(
  'a real Prometheus stores every series under its name, labels, type and help',
  { skip: NO_PROMETHEUS },
  async () => {
    const app = startApp('127.0.0.1', '0', 'full');
    const port = await portOf(app);
    const prometheus = await startPrometheus(port);
    try {
      const text = (await ask({ port, path: '/metrics' })).body.toString();

      const stored = await prometheus.query('{job="plimsoll",__name__!~"up|scrape_.*"}');
      const keys = stored.map(({ metric: { __name__: name = '', job: _job, instance: _instance, ...labels } }) =>
        seriesKey(name, labels),
      );
      assert.deepEqual(keys.toSorted(), seriesOf(text).toSorted());

      const metadata = (await prometheus.get('/api/v1/metadata')) as Record<
        string,
        readonly { type: string; help: string; unit: string }[]
      >;
      for (const { name, type, help } of parsePrometheus(text)) {
        assert.deepEqual(metadata[name], [{ type, help, unit: '' }], name);
      }

      const [pressure] = await prometheus.query(
        'plimsoll_pressure_ratio * on (job, instance) group_left (service_name) target_info',
      );
      assert.equal(pressure?.metric['service_name'], 'shop', 'resource attributes join by target_info');
      const byLevel = await prometheus.query('sum by (plimsoll_level_to) (plimsoll_pressure_transitions_total)');
      assert.equal(byLevel.length, 4);
      const median = await prometheus.query(
        'histogram_quantile(0.5, v8js_gc_duration_seconds_bucket{v8js_gc_type="major"})',
      );
      assert.equal(median.length, 1);
    } finally {
      await prometheus.stop();
      app.child.stdin.end();
      await app.ended;
    }
  },
);
