/**
 * The whole table of metrics, every series of it at once, through real receivers of OTLP: what they keep is what our own Prometheus
 * endpoint shows.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { ExporterParts } from '../../agent/model/exporter.ts';
import type { Tier } from '../../agent/model/metric.ts';
import type { OtlpTarget } from '../../agent/model/otlp.ts';
import { COL } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { encodingOf } from '../../exporters/otlp/encoding.ts';
import { createCollection } from '../../exporters/otlp/metrics.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import {
  NO_COLLECTOR,
  NO_VICTORIA_METRICS,
  startCollector,
  startVictoriaMetrics,
  withoutOrigin,
  type Collector,
  type VictoriaMetrics,
} from '../helpers/otlp-programs.ts';
import { parsePrometheus, seriesKey, type Sample } from '../helpers/prometheus-text.ts';
import { worstCaseSnapshot } from '../helpers/snapshot.ts';

const TIERS: readonly Tier[] = ['core', 'full'];
/** B16, and the deaths of the workload. */
const MOST_SERIES: Readonly<Record<Tier, number>> = { core: 60, full: 160 };

/** Everything that can be exported, taken now: receivers keep nothing that is older than they are told to. */
function fullSnapshot(serviceName: string): Snapshot {
  const snapshot = worstCaseSnapshot();
  snapshot.row[COL.wallMs] = Date.now();
  return { ...snapshot, identity: { ...snapshot.identity, serviceName } };
}

function requestOf(tier: Tier, snapshot: Snapshot, protocol: OtlpTarget['protocol']): Uint8Array {
  const nothing = (): void => {};
  const parts: ExporterParts = {
    tier,
    listen: { host: '127.0.0.1', port: 0 },
    container: '',
    isNumbered: false,
    isChild: false,
    otlp: { metrics: undefined, logs: undefined, temporality: 'cumulative', intervalMs: 1000, problems: [] },
    clock: { wallMs: Date.now, monotonicMs: performance.now.bind(performance), setTimer: () => nothing },
    isYoung: () => false,
    snapshot: () => snapshot,
    describe: () => '',
    onTrouble: nothing,
    onRecovered: nothing,
    onListening: nothing,
  };
  const request = createCollection(parts).collect();
  const body = request === undefined ? undefined : encodingOf(protocol).metrics(request);
  assert.ok(body);
  return body;
}

async function post(url: string, protocol: OtlpTarget['protocol'], body: Uint8Array): Promise<void> {
  const headers = { 'Content-Type': encodingOf(protocol).contentType };
  const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
  assert.equal(response.status, 200, await response.text());
}

function ownSeries(tier: Tier, snapshot: Snapshot): string[] {
  return linesOf(parsePrometheus(createPrometheusText(tier)(snapshot)).flatMap(({ samples }) => samples));
}

/** Without `target_info`, which tells the resource where series do not carry it; values in the 12 digits that VictoriaMetrics keeps. */
function linesOf(samples: readonly Sample[]): string[] {
  return samples
    .filter(({ name }) => name !== 'target_info')
    .map(({ name, labels, value }) => `${seriesKey(name, withoutOrigin(labels))} ${Number(value.toPrecision(12))}`)
    .toSorted();
}

describe('VictoriaMetrics with -opentelemetry.usePrometheusNaming', { skip: NO_VICTORIA_METRICS }, () => {
  let receiver: VictoriaMetrics;
  before(async () => {
    receiver = await startVictoriaMetrics();
  });
  after(() => receiver.stop());

  for (const tier of TIERS) {
    test(`keeps of ${tier} the names, labels and values that our own endpoint shows, and nothing else`, async () => {
      const snapshot = fullSnapshot(`shop-${tier}`);
      await post(receiver.metricsEndpoint, 'http/protobuf', requestOf(tier, snapshot, 'http/protobuf'));

      const stored = await receiver.samples(snapshot.identity.serviceName);
      assert.deepEqual(linesOf(stored), ownSeries(tier, snapshot));
      assert.ok(stored.length <= MOST_SERIES[tier], `${stored.length} series`);
    });
  }
});

describe('the Prometheus exporter of an OpenTelemetry Collector', { skip: NO_COLLECTOR }, () => {
  let receiver: Collector;
  before(async () => {
    receiver = await startCollector();
  });
  after(() => receiver.stop());

  for (const tier of TIERS) {
    for (const protocol of ['http/protobuf', 'http/json'] as const) {
      test(`shows of ${tier} by ${protocol} the names, types, help, labels and values of our own endpoint`, async () => {
        const snapshot = fullSnapshot(`shop-${tier}-${protocol}`);
        await post(receiver.metricsEndpoint, protocol, requestOf(tier, snapshot, protocol));

        const samples = await receiver.samples(snapshot.identity.serviceName);
        assert.deepEqual(linesOf(samples), ownSeries(tier, snapshot));
        assert.ok(samples.length <= MOST_SERIES[tier], `${samples.length} series`);

        const families = parsePrometheus(await receiver.page());
        for (const { name, type, help } of parsePrometheus(createPrometheusText(tier)(snapshot))) {
          if (name === 'target_info') continue;
          const family = families.find((other) => other.name === name);
          assert.deepEqual({ type: family?.type, help: family?.help }, { type, help }, name);
        }
      });
    }
  }
});
