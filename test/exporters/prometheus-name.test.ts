import assert from 'node:assert/strict';
import test from 'node:test';

import { METRICS } from '../../agent/model/metrics.ts';
import { prometheusLabel, prometheusName } from '../../exporters/prometheus-name.ts';

/**
 * Cases of github.com/prometheus/otlptranslator (metric_namer_test.go, what the Collector uses) and of the
 * compatibility specification, for the units that the table may hold.
 */
const KNOWN = [
  ['simple_metric', 'gauge', '{thing}', 'simple_metric'],
  ['requests', 'counter', '{request}', 'requests_total'],
  ['requests_total', 'counter', '{request}', 'requests_total'],
  ['cpu_usage', 'gauge', '1', 'cpu_usage_ratio'],
  ['cpu_usage_ratio', 'gauge', '1', 'cpu_usage_ratio'],
  ['items', 'counter', '1', 'items_total'],
  ['memory_usage', 'gauge', 'By', 'memory_usage_bytes'],
  ['response_time_seconds', 'gauge', 's', 'response_time_seconds'],
  ['cpu_seconds_total', 'counter', 's', 'cpu_seconds_total'],
  ['throughput', 'gauge', 'By/s', 'throughput_bytes_per_second'],
  ['request_duration', 'histogram', 's', 'request_duration_seconds'],
  ['http.server.request.duration', 'histogram', 's', 'http_server_request_duration_seconds'],
  ['system.memory.usage', 'updowncounter', 'By', 'system_memory_usage_bytes'],
  ['active_connections', 'updowncounter', '{connection}', 'active_connections'],
  ['fraction', 'updowncounter', '1', 'fraction'],
  ['metric__with__multiple__underscores', 'gauge', '{x}', 'metric_with_multiple_underscores'],
  ['123metric', 'gauge', '{x}', '_123metric'],
] as const;

for (const [name, kind, unit, expected] of KNOWN) {
  test(`${name}, a ${kind} in ${unit}, is ${expected}, as the Collector has it`, () => {
    assert.equal(prometheusName({ name, kind, unit }), expected);
  });
}

test('no two metrics of the table share a Prometheus name, nor a name that a histogram makes', () => {
  const names = METRICS.flatMap((metric) => {
    const name = prometheusName(metric);
    return metric.kind === 'histogram' ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
  });
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
});

test('labels are made legal as the Collector makes them', () => {
  assert.equal(prometheusLabel('service.instance.id'), 'service_instance_id');
  assert.equal(prometheusLabel('9lives'), 'key_9lives');
  assert.equal(prometheusLabel('_private'), 'key_private');
  assert.equal(prometheusLabel('a..b'), 'a_b');
});
