/** What leaves the sidecar of a fleet that the test makes up, by one scrape; with real processes: test/processes/sidecar-exporters.test.ts. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { COL } from '../../../agent/model/row.ts';
import { CONTAINER, exporting } from '../../helpers/exporting-scene.ts';
import { ask } from '../../helpers/http-client.ts';
import { freePort } from '../../helpers/prometheus.ts';
import { parsePrometheus, seriesKey, type Sample } from '../../helpers/prometheus-text.ts';
import { createScriptedFleet } from '../../helpers/scripted-fleet.ts';
import { worstCaseSnapshot } from '../../helpers/snapshot.ts';

function of(samples: readonly Sample[], name: string): Record<string, number> {
  const found = samples.filter((sample) => sample.name === name);
  return Object.fromEntries(
    found.map(({ labels, value }) => [
      [labels['service_name'], labels['k8s_container_name'], labels['plimsoll_process']].join(' '),
      value,
    ]),
  );
}

describe('one scrape of the sidecar', () => {
  test('has every live process with its service, container and slot, each metric named once', async (t) => {
    const fleet = createScriptedFleet();
    fleet.add({ serviceName: 'shop', process: 'main', resource: CONTAINER });
    fleet.add({ serviceName: 'shop', process: 'worker-1', resource: CONTAINER });
    fleet.add({ serviceName: 'mail', process: 'main', resource: {} });
    const scene = await exporting(t, fleet);

    const { body } = await scene.get('/metrics');
    const families = parsePrometheus(body.toString());
    assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
    const samples = families.flatMap((family) => family.samples);
    const keys = samples.map(({ name, labels }) => seriesKey(name, labels));
    assert.equal(new Set(keys).size, keys.length, 'each series once');
    assert.deepEqual(Object.keys(of(samples, 'plimsoll_pressure_ratio')).toSorted(), [
      'mail  main',
      'shop web main',
      'shop web worker-1',
    ]);
    for (const { name, labels } of samples) {
      if (name === 'target_info') assert.equal(labels['service_name'], 'plimsoll-sidecar');
      else assert.ok(labels['service_name'] && labels['plimsoll_process'], seriesKey(name, labels));
    }
  });

  test('leaves a process out whose agent exports by itself, but for its deaths', async (t) => {
    const fleet = createScriptedFleet();
    fleet.add({ serviceName: 'shop', resource: {} });
    fleet.add({ serviceName: 'mail', resource: {}, exporter: 'otlp' });
    const samples = await (await exporting(t, fleet)).samples();
    assert.deepEqual(Object.keys(of(samples, 'plimsoll_pressure_ratio')), ['shop  main']);
    const counted = samples.filter(({ name }) => name === 'plimsoll_process_deaths_total');
    assert.deepEqual(new Set(counted.map(({ labels }) => labels['service_name'])), new Set(['mail', 'shop']));
  });

  test('tells of a container once, whatever number of processes it has', async (t) => {
    const fleet = createScriptedFleet();
    for (const process of ['main', 'worker-1', 'worker-2']) fleet.add({ process, resource: CONTAINER });
    fleet.add({ serviceName: 'mail', resource: { 'k8s.container.name': 'mail' } });
    const samples = await (await exporting(t, fleet, { PLIMSOLL_METRICS: 'full' })).samples();
    assert.deepEqual(Object.keys(of(samples, 'plimsoll_container_memory_peak_bytes')).toSorted(), [
      'mail mail main',
      'shop web main',
    ]);
  });

  test('has at most 50 series of a process in core and 150 in full, and few of its own', async (t) => {
    for (const [tier, most] of [
      ['core', 50],
      ['full', 150],
    ] as const) {
      const fleet = createScriptedFleet();
      const { identity: _, ...everything } = worstCaseSnapshot();
      fleet.add({ resource: CONTAINER }, everything);
      const samples = await (await exporting(t, fleet, { PLIMSOLL_METRICS: tier })).samples();
      const ofProcess = samples.filter(
        ({ name, labels }) => labels['service_name'] === 'shop' && name !== 'plimsoll_process_deaths_total',
      );
      assert.ok(ofProcess.length <= most, `${ofProcess.length} series`);
      const own = samples.filter(({ labels }) => labels['service_name'] === 'plimsoll-sidecar');
      assert.deepEqual(own.map(({ name }) => name).toSorted(), [
        'plimsoll_agent_cpu_seconds_total',
        'plimsoll_agent_info',
        'plimsoll_agent_memory_bytes',
        'target_info',
      ]);
    }
  });

  test('leaves nothing behind of a process that ended, and says nothing of one that began a moment ago', async (t) => {
    const fleet = createScriptedFleet();
    const dead = fleet.add({ process: 'worker-1' });
    fleet.add({ process: 'main' });
    fleet.add({ process: 'worker-2' }, { startWallMs: Date.now() - 2000 });
    const scene = await exporting(t, fleet);
    assert.deepEqual(Object.keys(of(await scene.samples(), 'plimsoll_pressure_ratio')), [
      'shop  worker-1',
      'shop  main',
    ]);
    dead.become('ended');
    const after = await scene.samples();
    assert.deepEqual(
      after.filter(({ labels }) => labels['plimsoll_process'] === 'worker-1'),
      [],
    );
    assert.deepEqual(Object.keys(of(after, 'plimsoll_pressure_ratio')), ['shop  main']);
  });

  test('has the last values of a blocked process, and when they were taken', async (t) => {
    const fleet = createScriptedFleet();
    const member = fleet.add(
      {},
      { degraded: [{ reason: 'event_loop_blocked', detail: 'for 30 s', repair: 'look for synchronous work' }] },
    );
    member.latest.row[COL.wallMs] = Date.now() - 30_000;
    member.become('blocked');
    const samples = await (await exporting(t, fleet)).samples();
    const ageSeconds = Date.now() / 1000 - (of(samples, 'plimsoll_agent_last_sample_seconds')['shop  main'] ?? 0);
    assert.ok(ageSeconds >= 30 && ageSeconds < 40, `${ageSeconds}`);
    assert.equal(of(samples, 'plimsoll_pressure_ratio')['shop  main'], 0.71875);
    const reasons = samples
      .filter(({ name }) => name === 'plimsoll_agent_degraded')
      .map(({ labels }) => labels['reason']);
    assert.deepEqual(reasons, ['event_loop_blocked']);
  });
});

describe('deaths', () => {
  test('are counted for each service and container, from 0 on, and when nothing of it lives any more', async (t) => {
    const fleet = createScriptedFleet();
    fleet.add({ serviceName: 'mail', resource: CONTAINER });
    fleet.setDeaths([
      {
        serviceName: 'shop',
        container: 'web',
        counts: [{ cause: 'kernel_oom', evidence: 'observed', count: 3 }],
      },
    ]);
    const samples = await (await exporting(t, fleet)).samples();
    const deaths = samples.filter(({ name }) => name === 'plimsoll_process_deaths_total');
    assert.equal(deaths.length, 20);
    const counted = deaths.filter(({ value }) => value > 0);
    assert.deepEqual(counted, [
      {
        name: 'plimsoll_process_deaths_total',
        labels: {
          plimsoll_death_cause: 'kernel_oom',
          plimsoll_death_evidence: 'observed',
          service_name: 'shop',
          k8s_container_name: 'web',
          plimsoll_process: 'main',
        },
        value: 3,
      },
    ]);
  });
});

describe('the listener', () => {
  test('waits for a port that is taken, and says so once when that lasts', async (t) => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => {
      taken.listen(port, '127.0.0.1', resolve);
    });
    assert.equal((taken.address() as AddressInfo).port, port);
    const scene = await exporting(t, createScriptedFleet(), { PLIMSOLL_LISTEN: `127.0.0.1:${port}` });
    assert.equal(scene.metricsUrl(), undefined);
    await new Promise((resolve) => {
      taken.close(resolve);
    });
    assert.equal((await scene.get('/healthz')).status, 200);
    assert.deepEqual(scene.problems, [], 'an agent that hands over is no problem');
  });

  test('answers a kubelet and no scraper where metrics leave another way', async (t) => {
    const scene = await exporting(t, createScriptedFleet(), { PLIMSOLL_EXPORTER: 'none' });
    assert.equal((await scene.get('/readyz')).status, 200);
    const { status, body } = await scene.get('/metrics');
    assert.equal(status, 404);
    assert.match(body.toString(), /another way/);
  });

  test('takes in no process that looks for others of its service', async (t) => {
    const scene = await exporting(t, createScriptedFleet());
    await scene.get('/healthz');
    const port = Number(new URL(scene.metricsUrl() ?? '').port);
    const { status } = await ask({
      port,
      path: '/plimsoll/v1/sibling',
      headers: { Connection: 'Upgrade', Upgrade: 'plimsoll' },
    });
    assert.equal(status, 404);
  });
});
