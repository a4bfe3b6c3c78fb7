/**
 * A cluster and another service in one folder, two real sidecars beside them: a real Prometheus scrapes the one, the other sends to a real
 * VictoriaMetrics. What both have is the same; what a block looks like; what is left of a process that is killed. And one port that an agent
 * and a sidecar hand over to each other.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { scrape } from '../helpers/endpoint.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../helpers/otlp-receiver.ts';
import { bodyOf } from '../helpers/otlp-protobuf.ts';
import {
  NO_VICTORIA_METRICS,
  startVictoriaMetrics,
  withoutOrigin,
  type VictoriaMetrics,
} from '../helpers/otlp-programs.ts';
import { freePort, NO_PROMETHEUS, startPrometheus, type Prometheus } from '../helpers/prometheus.ts';
import type { Sample } from '../helpers/prometheus-text.ts';
import { SIDECAR_UP, startPlimsoll, temporaryFolder } from '../helpers/run-cli.ts';
import { startNode, type RunningNode } from '../helpers/run-node.ts';
import { eventually } from '../helpers/watched-app.ts';

const CLUSTER = join(import.meta.dirname, '../fixtures/apps/processes/cluster.cjs');
/** Blocks for so many ms as a line says. */
const BLOCKABLE = `
  process.stdin.on('data', (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms)));
`;
const SHOP = ['shop web main', 'shop web worker-1', 'shop web worker-2'];
/** A process is told of from its tenth second on. */
const FIRST_MS = 20_000;
const SOON_MS = 8000;
const BLOCK_MS = 5000;

const skip = NO_PROMETHEUS === false ? NO_VICTORIA_METRICS : NO_PROMETHEUS;

/** An agent looks each second, a sidecar tries each second, and one that is lost is waited for three. */
const HANDED_OVER_MS = 12_000;

describe('what sidecars export', { concurrency: true }, () => {
  describe('two services that two sidecars watch', { skip, concurrency: 1 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-sidecar-'));
    const running: RunningNode[] = [];
    let shop: RunningNode;
    let mail: RunningNode;
    let sending: RunningNode;
    let scrapedPort: number;
    let prometheus: Prometheus;
    let victoria: VictoriaMetrics;
    let logs: OtlpReceiver;

    before(async () => {
      scrapedPort = await freePort();
      const shared = { PLIMSOLL_DIR: folder, PLIMSOLL_METRICS: 'full' };
      const start = (name: string, container: string, args: readonly string[]): RunningNode =>
        keep(
          startNode({
            args,
            timeoutMs: 90_000,
            env: { ...shared, OTEL_SERVICE_NAME: name, OTEL_RESOURCE_ATTRIBUTES: `k8s.container.name=${container}` },
          }),
        );
      const sidecar = (env: Readonly<Record<string, string>>): RunningNode =>
        keep(
          startPlimsoll(['sidecar'], {
            timeoutMs: 90_000,
            env: { ...shared, PLIMSOLL_API_LISTEN: '127.0.0.1:0', ...env },
          }),
        );
      shop = start('shop', 'web', [CLUSTER, '2']);
      mail = start('mail', 'mailer', ['-e', BLOCKABLE]);
      sidecar({ PLIMSOLL_LISTEN: `127.0.0.1:${scrapedPort}` });
      [victoria, logs] = await Promise.all([startVictoriaMetrics(), startOtlpReceiver()]);
      sending = sidecar({
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: victoria.metricsEndpoint,
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${logs.url}/v1/logs`,
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_METRIC_EXPORT_INTERVAL: '500',
      });
      prometheus = await startPrometheus(scrapedPort);
    });
    after(async () => {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      await Promise.all([prometheus.stop(), victoria.stop(), logs.close()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });

    function keep(node: RunningNode): RunningNode {
      running.push(node);
      return node;
    }

    /** Who has this series now, by service, container and slot. */
    async function inPrometheus(promql: string): Promise<readonly string[]> {
      const found = await prometheus.query(promql);
      return found.map(({ metric }) => whoseIs(metric)).toSorted();
    }

    test('Prometheus has each process under its service, its container and its slot', async () => {
      await eventually(async () => {
        assert.deepEqual(await inPrometheus('plimsoll_pressure_ratio'), ['mail mailer main', ...SHOP]);
      }, FIRST_MS);
    });

    test('VictoriaMetrics has the same by OTLP: names, labels, processes', async () => {
      for (const service of ['shop', 'mail']) {
        await eventually(async () => {
          const { samples } = await scrape(scrapedPort);
          const scraped = samples.filter(
            ({ name, labels }) => labels['service_name'] === service && name !== 'target_info',
          );
          const sent = await victoria.samples(service);
          assert.deepEqual(shapesOf(sent), shapesOf(scraped));
        }, SOON_MS);
      }
    });

    test('of a blocked process the last values stay, with the reason and their age', async () => {
      const blocked = { service_name: 'mail', reason: 'event_loop_blocked' };
      mail.child.stdin.write(String(BLOCK_MS));
      await eventually(async () => {
        const { samples } = await scrape(scrapedPort);
        const has = (name: string, wanted: Readonly<Record<string, string>>): Sample | undefined =>
          samples.find(
            (sample) =>
              sample.name === name && Object.entries(wanted).every(([label, value]) => sample.labels[label] === value),
          );
        assert.equal(has('plimsoll_agent_degraded', blocked)?.value, 1);
        const takenSeconds = has('plimsoll_agent_last_sample_seconds', { service_name: 'mail' })?.value ?? Number.NaN;
        assert.ok(Date.now() / 1000 - takenSeconds > 1.5, `${Date.now() / 1000 - takenSeconds} s old`);
        assert.ok(has('plimsoll_pressure_ratio', { service_name: 'mail' }));
      }, BLOCK_MS - 500);
    });

    test('the series of a killed process end at once, and its death is counted, both ways', async () => {
      const [, pid] = await shop.until(/online 2 (\d+)/);
      process.kill(Number(pid), 'SIGKILL');
      const left = [SHOP[0], SHOP[1]];
      // its successor has the slot again, and is told of ten seconds later
      await eventually(async () => {
        assert.deepEqual(await inPrometheus('plimsoll_pressure_ratio{service_name="shop"}'), left);
      }, SOON_MS);
      await eventually(async () => {
        const sent = (await victoria.samples('shop')).filter(({ name }) => name === 'plimsoll_pressure_ratio');
        assert.deepEqual(sent.map(({ labels }) => whoseIs(labels)).toSorted(), left);
      }, SOON_MS);
      await eventually(async () => {
        const counted = await prometheus.query('plimsoll_process_deaths_total > 0');
        assert.deepEqual(
          counted.map(({ metric, value }) => [
            metric['service_name'],
            metric['k8s_container_name'],
            metric['plimsoll_death_cause'],
            value[1],
          ]),
          [['shop', 'web', 'killed', '1']],
        );
        const sent = (await victoria.samples('shop')).filter(
          ({ name, value }) => name === 'plimsoll_process_deaths_total' && value > 0,
        );
        assert.deepEqual(
          sent.map(({ labels, value }) => [labels['k8s_container_name'], labels['plimsoll_death_cause'], value]),
          [['web', 'killed', 1]],
        );
      }, SOON_MS);
    });

    test('the death is told once: a line of one sidecar, and a log record where that one sends them', async () => {
      const died = await eventually(() => {
        const lines = running.flatMap((node) =>
          eventLines(node.stdout()).filter(({ event }) => event === 'plimsoll.process.died'),
        );
        assert.equal(lines.length, 1);
        return lines[0];
      }, SOON_MS);
      assert.deepEqual([died?.service, died?.container, died?.process], ['shop', 'web', 'worker-2']);
      if (eventLines(sending.stdout()).every(({ event }) => event !== 'plimsoll.process.died')) return;
      const request = await logs.until((each) => JSON.stringify(bodyOf(each)).includes('plimsoll.process.died'));
      assert.match(JSON.stringify(bodyOf(request)), /"shop"/);
    });

    test('on SIGTERM a sidecar sends what it has, and ends well', async () => {
      sending.child.kill('SIGTERM');
      const { code, stderr, report } = await sending.ended;
      assert.deepEqual([code, stderr.replace(SIDECAR_UP, '')], [0, ''], report);
      assert.match(stderr, /: metrics by OTLP, page at /);
    });
  });

  test('agent and sidecar hand the port over to each other, and neither calls it a problem', async (context) => {
    const folder = temporaryFolder(context);
    const port = await freePort();
    const env = {
      PLIMSOLL_DIR: folder,
      PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
      PLIMSOLL_API_LISTEN: '127.0.0.1:0',
      OTEL_SERVICE_NAME: 'shop',
    };
    const running: RunningNode[] = [];
    context.after(async () => {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
    });
    const startSidecar = (): RunningNode => {
      const sidecar = startPlimsoll(['sidecar'], { env, timeoutMs: 60_000 });
      running.push(sidecar);
      return sidecar;
    };
    const exportedBy = async (name: string): Promise<void> =>
      await eventually(async () => {
        const { samples } = await scrape(port);
        assert.equal(samples.find((sample) => sample.name === 'target_info')?.labels['service_name'], name);
      }, HANDED_OVER_MS);

    const app = startNode({ args: ['-e', 'process.stdin.resume()'], env, timeoutMs: 60_000 });
    running.push(app);
    await exportedBy('shop');

    const killed = startSidecar();
    await exportedBy('plimsoll-sidecar');
    killed.child.kill('SIGKILL');
    await exportedBy('shop');

    const asked = startSidecar();
    await exportedBy('plimsoll-sidecar');
    await asked.until(/page at/, 'stderr');
    asked.child.kill('SIGTERM');
    const { code, report } = await asked.ended;
    assert.equal(code, 0, report);
    await exportedBy('shop');

    app.child.stdin.end();
    const ended = await app.ended;
    assert.equal(ended.code, 0, ended.report);
    for (const { stderr } of [killed, asked, app]) assert.equal(stderr().replace(SIDECAR_UP, ''), '');
    assert.match(asked.stderr(), SIDECAR_UP);
  });
});

function whoseIs(labels: Readonly<Record<string, string>>): string {
  return [labels['service_name'], labels['k8s_container_name'], labels['plimsoll_process']].join(' ');
}

/** Names with their labels; the values of those that tell processes apart. */
function shapesOf(samples: readonly Sample[]): readonly string[] {
  const shapes = samples.map(({ name, labels }) => {
    const names = Object.keys(withoutOrigin(labels)).toSorted().join();
    return `${name}{${names}} ${labels['k8s_container_name']} ${labels['plimsoll_process']}`;
  });
  return [...new Set(shapes)].toSorted();
}

function eventLines(stdout: string): readonly Record<string, string>[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Record<string, string>);
}
