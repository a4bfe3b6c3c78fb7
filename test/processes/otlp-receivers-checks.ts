/** What holds for processes that send OTLP whatever takes it: for otlp-receivers.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import type { Tier } from '../../agent/model/metric.ts';
import { ask } from '../helpers/http-client.ts';
import { createMemoryGroup, whyNoMemoryGroups, type MemoryGroup } from '../helpers/memory-group.ts';
import { withoutOrigin, type Receiver } from '../helpers/otlp-programs.ts';
import { freePort } from '../helpers/prometheus.ts';
import { parsePrometheus, type Sample } from '../helpers/prometheus-text.ts';
import type { RunningNode } from '../helpers/run-node.ts';
import { eventually, startWatchedApp, WATCHED_BUDGET_BYTES } from '../helpers/watched-app.ts';

/** A process tells nothing before it is 10 s old. */
export const FIRST_EXPORT_MS = 20_000;
/** The 3 s that both receivers are given to forget, and time for slow machines. */
const GONE_MS = 10_000;
/** B16. */
export const MOST_SERIES: Readonly<Record<Tier, number>> = { core: 50, full: 150 };
const LIMIT_BYTES = 256 * 2 ** 20;

export type Env = Readonly<Record<string, string>>;

const apps: RunningNode[] = [];

export async function endApps(): Promise<void> {
  for (const { child } of apps) child.kill('SIGKILL');
  await Promise.all(apps.map(({ ended }) => ended));
}

export function start(name: string, tier: Tier, env: Env, shellBefore?: string): RunningNode {
  const app = startWatchedApp({ OTEL_SERVICE_NAME: name, PLIMSOLL_METRICS: tier, ...env }, shellBefore);
  apps.push(app);
  return app;
}

/** Processes like those that send OTLP, and what their Prometheus endpoints serve. */
const twins = new Map<Tier, Promise<() => Promise<readonly Sample[]>>>();

export async function twinSamples(tier: Tier): Promise<readonly Sample[]> {
  const samples = await twins.get(tier);
  assert.ok(samples, 'a twin was started');
  return await samples();
}

async function startTwin(tier: Tier): Promise<() => Promise<readonly Sample[]>> {
  const port = await freePort();
  start(`twin-${tier}`, tier, { PLIMSOLL_EXPORTER: 'prometheus', PLIMSOLL_LISTEN: `127.0.0.1:${port}` });
  return async () => {
    const { body } = await ask({ port, path: '/metrics' });
    return parsePrometheus(body.toString()).flatMap(({ samples }) => samples);
  };
}

/** Names with the names of their labels. */
export function shapesOf(samples: readonly Sample[]): string[] {
  const shapes = samples
    .filter(({ name }) => name !== 'target_info')
    .map(({ name, labels }) => `${name}{${Object.keys(withoutOrigin(labels)).toSorted().join()}}`);
  return [...new Set(shapes)].toSorted();
}

function valueOf(samples: readonly Sample[], name: string, labels: Env = {}): number {
  const found = samples.filter((sample) => {
    return sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  });
  assert.equal(found.length, 1, `${found.length} series of ${name}`);
  return found[0]?.value ?? Number.NaN;
}

/** An endpoint for logs that is out of order until it is repaired: a reason to be degraded, and then none. */
async function startBrokenEndpoint() {
  let status = 503;
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repair: () => (status = 200),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface Way {
  readonly tier: Tier;
  readonly env: Env;
}

/** What holds whatever the receiver is. */
export function checksOf(name: string, ways: readonly Way[], receiverOf: () => Receiver): void {
  const pids = new Map<Tier, number | undefined>();
  const service = (tier: Tier): string => `${name}-${tier}`;
  let broken: Awaited<ReturnType<typeof startBrokenEndpoint>>;
  let group: MemoryGroup | undefined;

  before(async () => {
    broken = await startBrokenEndpoint();
    group = whyNoMemoryGroups() === undefined ? createMemoryGroup(LIMIT_BYTES) : undefined;
    const OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = receiverOf().metricsEndpoint;
    for (const { tier, env } of ways) {
      if (!twins.has(tier)) twins.set(tier, startTwin(tier));
      pids.set(tier, start(service(tier), tier, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, ...env }).child.pid);
    }
    const logs = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: broken.url };
    start(`${name}-ends`, 'core', logs, group?.enter);
  });
  after(() => {
    broken.close();
    group?.remove();
  });

  for (const { tier, env } of ways) {
    const how = Object.values(env).join(' and ');
    test(`${tier} by ${how}: the names and labels of the Prometheus endpoint, at most ${MOST_SERIES[tier]} series`, async () => {
      await eventually(async () => {
        const samples = await receiverOf().samples(service(tier));
        assert.deepEqual(shapesOf(samples), shapesOf(await twinSamples(tier)));
        assert.ok(samples.length <= MOST_SERIES[tier], `${samples.length} series`);
      }, FIRST_EXPORT_MS);
    });

    test(`${tier} by ${how}: values are those of the process, and of now`, async () => {
      await eventually(async () => {
        const samples = await receiverOf().samples(service(tier));
        const status = readFileSync(`/proc/${pids.get(tier)}/status`, 'utf8');
        const rssBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
        const budget = { plimsoll_constraint: 'budget' };
        const ageSeconds = Date.now() / 1000 - valueOf(samples, 'plimsoll_agent_last_sample_seconds');
        assert.ok(ageSeconds >= 0 && ageSeconds < 4, `the last sample is ${ageSeconds} s old`);
        assert.equal(valueOf(samples, 'plimsoll_limit_bytes', budget), WATCHED_BUDGET_BYTES);
        const usageBytes = valueOf(samples, 'plimsoll_usage_bytes', budget);
        assert.ok(Math.abs(usageBytes - rssBytes) < 0.1 * rssBytes, `${usageBytes} of ${rssBytes} bytes`);
        const ratio = valueOf(samples, 'plimsoll_utilization_ratio', budget);
        assert.ok(Math.abs(ratio - usageBytes / WATCHED_BUDGET_BYTES) < 1e-9, `${ratio}`);
        assert.ok(valueOf(samples, 'plimsoll_pressure_ratio') >= ratio);
        assert.ok(valueOf(samples, 'plimsoll_pressure_level') >= 1);
        assert.ok(valueOf(samples, 'plimsoll_time_to_limit_seconds', budget) > 0);
      }, 5000);
    });
  }

  test('counters and histograms only rise', async () => {
    const counters = async (): Promise<Map<string, number>> => {
      const samples = await receiverOf().samples(service('full'));
      const rising = samples.filter((sample) => /_(total|count|sum|bucket)$/.test(sample.name));
      return new Map(rising.map(({ name: counter, labels, value }) => [`${counter} ${JSON.stringify(labels)}`, value]));
    };
    const earlier = await counters();
    await eventually(async () => {
      const later = await counters();
      const rose = [...earlier].filter(([key, value]) => (later.get(key) ?? Number.NaN) > value);
      assert.ok(rose.length >= 3, 'at least CPU of the agent, and active and idle time of the loop');
      for (const [key, value] of earlier) assert.ok((later.get(key) ?? Number.NaN) >= value, key);
    }, 5000);
  });

  describe('what has ended', { concurrency: true }, () => {
    test('a reason that was repaired is gone', async () => {
      const reasons = async (): Promise<readonly unknown[]> => {
        const samples = await receiverOf().samples(`${name}-ends`);
        assert.ok(samples.length > 0);
        return samples.map(({ labels }) => labels['reason']);
      };
      await eventually(async () => assert.ok((await reasons()).includes('otlp_logs_failed')), FIRST_EXPORT_MS);
      broken.repair();
      await eventually(async () => assert.ok(!(await reasons()).includes('otlp_logs_failed')), GONE_MS);
    });

    test('a limit that was removed is gone', { skip: whyNoMemoryGroups() ?? false }, async () => {
      const limits = async (): Promise<readonly Sample[]> => {
        const samples = await receiverOf().samples(`${name}-ends`);
        assert.ok(samples.length > 0);
        return samples.filter(({ labels }) => labels['plimsoll_constraint'] === 'container');
      };
      const limitBytes = async (): Promise<number> => valueOf(await limits(), 'plimsoll_limit_bytes');
      await eventually(async () => assert.equal(await limitBytes(), LIMIT_BYTES), FIRST_EXPORT_MS);
      group?.removeLimit();
      // an ancestor of the group may have a limit too: then it is the one that the twins have
      const others = (await twinSamples('core')).filter(({ labels }) => labels['plimsoll_constraint'] === 'container');
      await eventually(async () => assert.deepEqual(shapesOf(await limits()), shapesOf(others)), GONE_MS);
    });
  });
}
