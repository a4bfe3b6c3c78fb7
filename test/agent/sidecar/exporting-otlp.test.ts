/** OTLP of a sidecar whose fleet the test makes up. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { CONTAINER, exporting } from '../../helpers/exporting-scene.ts';
import { bodyOf } from '../../helpers/otlp-protobuf.ts';
import { startOtlpReceiver, type OtlpReceiver, type OtlpRequest } from '../../helpers/otlp-receiver.ts';
import { createScriptedFleet, notedEvent, postmortemOf } from '../../helpers/scripted-fleet.ts';
import { eventually } from '../../helpers/watched-app.ts';

/** Of one resource of a request. */
interface OneResource {
  readonly resource: {
    readonly attributes: readonly { readonly key: string; readonly value: { stringValue: string } }[];
  };
  readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
}

function resourcesOf(request: OtlpRequest): readonly Record<string, string>[] {
  const { resourceMetrics } = bodyOf(request) as { readonly resourceMetrics: readonly OneResource[] };
  return resourceMetrics.map(({ resource }) =>
    Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue])),
  );
}

function otlpTo(receiver: OtlpReceiver, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRIC_EXPORT_INTERVAL: '100', ...more };
}

const isMetrics = ({ path }: OtlpRequest): boolean => path === '/v1/metrics';
const isLogs = ({ path }: OtlpRequest): boolean => path === '/v1/logs';

describe('OTLP of the sidecar', { concurrency: true }, () => {
  for (const protocol of ['http/json', 'http/protobuf']) {
    test(`has each process under its own resource, all in one request (${protocol})`, async (t) => {
      const receiver = await startOtlpReceiver();
      t.after(() => receiver.close());
      const fleet = createScriptedFleet();
      fleet.add({ serviceName: 'shop', resource: CONTAINER });
      const dead = fleet.add({ serviceName: 'shop', process: 'worker-1', resource: CONTAINER });
      fleet.add({ serviceName: 'mail', resource: { 'k8s.container.name': 'mail' } });
      await exporting(t, fleet, otlpTo(receiver, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }));
      const live = fleet.members().map(({ instanceId }) => instanceId);

      const resources = resourcesOf(await receiver.until(isMetrics));
      const byInstance = new Map(resources.map((each) => [each['service.instance.id'], each]));
      assert.deepEqual(
        live.map((id) => [byInstance.get(id)?.['service.name'], byInstance.get(id)?.['k8s.container.name']]),
        [
          ['shop', 'web'],
          ['shop', 'web'],
          ['mail', 'mail'],
        ],
      );
      // the processes, the deaths of two workloads, the sidecar
      assert.deepEqual(
        resources.slice(3).map((each) => [each['service.name'], each['k8s.namespace.name']]),
        [
          ['shop', 'sales'],
          ['mail', 'sales'],
          ['plimsoll-sidecar', 'sales'],
        ],
      );

      dead.become('ended');
      const seen = receiver.requests.length;
      const next = await receiver.until(
        (request) => isMetrics(request) && receiver.requests.indexOf(request) > seen, // one may be under way
      );
      assert.ok(!resourcesOf(next).some((each) => each['service.instance.id'] === dead.instanceId));
    });
  }

  test('sends at most 64 in one request', async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const fleet = createScriptedFleet();
    for (let number = 0; number < 100; number++) fleet.add({ process: `worker-${number}` });
    await exporting(t, fleet, otlpTo(receiver, { OTEL_METRIC_EXPORT_INTERVAL: '60000' }));
    await eventually(() => assert.equal(receiver.requests.length, 2), 5000);
    assert.deepEqual(
      receiver.requests.map((request) => resourcesOf(request).length),
      [64, 38],
    );
  });

  test('sends events with the resource of their process, and post-mortems with that of the dead', async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const fleet = createScriptedFleet();
    const member = fleet.add({ resource: CONTAINER });
    await exporting(t, fleet, otlpTo(receiver, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }));
    fleet.tell({ kind: 'event', member, event: notedEvent(Date.now()) });
    fleet.tell({ kind: 'postmortem', postmortem: postmortemOf({ serviceName: 'mail' }, Date.now()) });
    const { resourceLogs } = bodyOf(await receiver.until(isLogs)) as {
      resourceLogs: readonly {
        resource: OneResource['resource'];
        scopeLogs: readonly { logRecords: readonly { eventName: string }[] }[];
      }[];
    };
    assert.deepEqual(
      resourceLogs.map(({ resource, scopeLogs }) => [
        resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue,
        scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ eventName }) => eventName)),
      ]),
      [
        ['shop', ['plimsoll.pressure.changed']],
        ['mail', ['plimsoll.process.died']],
      ],
    );
  });

  test('sends its last values and every event that waits before it ends', async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const fleet = createScriptedFleet();
    const member = fleet.add({});
    const scene = await exporting(t, fleet, otlpTo(receiver, { OTEL_METRIC_EXPORT_INTERVAL: '60000' }));
    await receiver.until(isMetrics);
    fleet.tell({ kind: 'event', member, event: notedEvent(Date.now()) });
    await scene.stop();
    const paths = receiver.requests.map(({ path }) => path);
    assert.deepEqual(paths.toSorted(), ['/v1/logs', '/v1/metrics', '/v1/metrics']);
  });

  test('ends within 4 s where the collector does not answer', async (t) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const scene = await exporting(t, createScriptedFleet(), { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const connected = new Promise((resolve) => {
      silent.once('connection', resolve);
    });
    await connected;
    const beganMs = performance.now();
    await scene.stop();
    const tookMs = performance.now() - beganMs;
    assert.ok(tookMs < 4000, `${tookMs} ms`);
  });

  test('counts no death again that an earlier sidecar has told, where the collector wants differences', async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const fleet = createScriptedFleet();
    const dead = { serviceName: 'shop', container: 'web' };
    const counted = (count: number) => [
      { ...dead, counts: [{ cause: 'v8_oom', evidence: 'observed', count } as const] },
    ];
    fleet.setDeaths(counted(5));
    await exporting(
      t,
      fleet,
      otlpTo(receiver, {
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      }),
    );
    await receiver.until(isMetrics);
    fleet.setDeaths(counted(6));
    const added = await eventually(() => {
      const values = receiver.requests.flatMap((request) => deathsIn(request));
      assert.ok(values.length >= 30);
      return values.reduce((sum, value) => sum + value, 0);
    }, 5000);
    assert.equal(added, 1);
  });
});

function deathsIn(request: OtlpRequest): readonly number[] {
  interface Data {
    readonly name: string;
    readonly sum?: { readonly dataPoints: readonly { readonly asDouble: number }[] };
  }
  const { resourceMetrics } = bodyOf(request) as {
    resourceMetrics: readonly { scopeMetrics: readonly { metrics: readonly Data[] }[] }[];
  };
  return resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === 'plimsoll.process.deaths')
    .flatMap(({ sum }) => sum?.dataPoints.map(({ asDouble }) => asDouble) ?? []);
}
