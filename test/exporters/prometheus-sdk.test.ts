/**
 * The text of the SDK's own exporter, fed with the same numbers through real instruments, against ours. The differences
 * are the table in docs/metrics.md, "Against the SDK's own Prometheus exporter"; each is taken away by one step below, which fails
 * when there was nothing to take away.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';

import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

import { numberPoints, type NumberMetric } from '../../agent/model/metric.ts';
import { METRICS } from '../../agent/model/metrics.ts';
import { GC_BUCKETS_SECONDS, GC_TYPES } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { prometheusName } from '../../exporters/prometheus-name.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { GC_PAUSES, IDENTITY, ordinarySnapshot } from '../helpers/snapshot.ts';

function instrument(meter: Meter, metric: NumberMetric, snapshot: Snapshot): void {
  const options = { unit: metric.unit, description: metric.description };
  const create = {
    gauge: () => meter.createObservableGauge(metric.name, options),
    counter: () => meter.createObservableCounter(metric.name, options),
    updowncounter: () => meter.createObservableUpDownCounter(metric.name, options),
  }[metric.kind];
  create().addCallback((result) => {
    for (const { attributes, value } of numberPoints(metric, snapshot, 'full')) result.observe(value, attributes);
  });
}

async function sdkScrape(snapshot: Snapshot): Promise<{ text: string; contentType: string | null }> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({
    'service.name': IDENTITY.serviceName,
    'service.instance.id': IDENTITY.serviceInstanceId,
    ...IDENTITY.resource,
  });
  const provider = new MeterProvider({ readers: [exporter], resource });
  const meter = provider.getMeter('plimsoll');
  for (const metric of METRICS) {
    if (metric.kind !== 'histogram') instrument(meter, metric, snapshot);
    else recordPauses(meter, metric.name, metric.description);
  }
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  server.closeAllConnections();
  server.close();
  await provider.shutdown();
  return { text, contentType: response.headers.get('content-type') };
}

function recordPauses(meter: Meter, name: string, description: string): void {
  const advice = { explicitBucketBoundaries: [...GC_BUCKETS_SECONDS] };
  const histogram = meter.createHistogram(name, { unit: 's', description, advice });
  for (const type of GC_TYPES) {
    for (const pause of GC_PAUSES[type]) histogram.record(pause, { 'v8js.gc.type': type, 'plimsoll.process': 'main' });
  }
}

/** Changes the text, or fails: a difference that is documented and gone is as wrong as one that is not documented. */
function difference(what: string, text: string, change: (text: string) => string): string {
  const changed = change(text);
  assert.notEqual(changed, text, `no difference any more: ${what}; docs/metrics.md says there is`);
  return changed;
}

function withoutLines(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');
}

/** What the SDK calls it: its own escaping, `_total` on counters, no unit. */
function sdkName({ name, kind }: { name: string; kind: string }): string {
  const plain = name.replaceAll('.', '_');
  return kind === 'counter' ? `${plain}_total` : plain;
}

function renamed(text: string): string {
  const names = new Map(METRICS.map((metric) => [sdkName(metric), prometheusName(metric)]));
  return text.replaceAll(
    /^(# (?:HELP|TYPE) )?([a-z][a-z0-9_]*?)(_bucket|_count|_sum)?(?=[ {])/gm,
    (whole, comment: string | undefined, name: string, part: string | undefined) => {
      const ours = names.get(name);
      return ours === undefined ? whole : `${comment ?? ''}${ours}${part ?? ''}`;
    },
  );
}

test("our text is the SDK's own but for the documented differences", async () => {
  const snapshot = ordinarySnapshot();
  const ours = createPrometheusText('full')(snapshot);
  const sdk = await sdkScrape(snapshot);

  assert.equal(sdk.contentType, 'text/plain');
  let text = sdk.text;
  text = difference('UNIT lines', text, (now) => withoutLines(now, /^# UNIT /));
  text = difference('scope label', text, (now) => now.replaceAll(/,otel_scope_name="plimsoll"/g, ''));
  text = difference('unit in the name', text, renamed);
  text = difference('buckets of other types than major', text, (now) =>
    withoutLines(now, /^v8js_gc_duration_seconds_bucket\{v8js_gc_type="(?!major")[a-z]+",.*le="(?!\+Inf")/),
  );
  // an instrument has no series for a type it never saw; the row counts zero
  text = difference('types never seen', `${text}\n`, (now) =>
    now.replace(/(?<=type="incremental",plimsoll_process="main",le="\+Inf"\} 1\n)/, NEVER_SEEN),
  ).trimEnd();
  assert.equal(`${text}\n`, ours);
});

const NEVER_SEEN = ['count{', 'sum{', 'bucket{']
  .map((part) => {
    const le = part === 'bucket{' ? ',le="+Inf"' : '';
    return `v8js_gc_duration_seconds_${part}v8js_gc_type="weakcb",plimsoll_process="main"${le}} 0\n`;
  })
  .join('');
