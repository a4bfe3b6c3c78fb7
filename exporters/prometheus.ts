import { ValueType, type HrTime } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

import {
  histogramPoints,
  numberPoints,
  type HistogramMetric,
  type HistogramPoint,
  type Metric,
  type NumberMetric,
  type Tier,
} from '../agent/model/metric.ts';
import { METRICS } from '../agent/model/metrics.ts';
import type { Identity, Snapshot } from '../agent/model/snapshot.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

/**
 * A snapshot as Prometheus text, version 0.0.4. Only the serializer of the exporter package is used: it takes plain data,
 * so no SDK is loaded and nothing is kept between two scrapes. It adds `_total` and no unit, and writes `# UNIT` lines
 * that the format does not know; so it is given finished names, and units in them only.
 */
export type PrometheusText = (snapshot: Snapshot) => string;

/** Printed nowhere: the text carries no timestamps, so that Prometheus's staleness works. */
const NO_TIME: HrTime = [0, 0];

const SCOPE = { name: 'plimsoll' };

export function createPrometheusText(tier: Tier): PrometheusText {
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const named = METRICS.map((metric) => ({ metric, descriptor: descriptorOf(metric) }));
  return (snapshot) =>
    serializer.serialize({
      resource: resourceOf(snapshot.identity),
      scopeMetrics: [
        {
          scope: SCOPE,
          metrics: named
            .map(({ metric, descriptor }) => metricData(metric, descriptor, snapshot, tier))
            .filter(({ dataPoints }) => dataPoints.length > 0), // else the serializer writes its HELP and TYPE
        },
      ],
    });
}

type Descriptor = MetricData['descriptor'];

function descriptorOf(metric: Metric): Descriptor {
  return { name: prometheusName(metric), description: metric.description, unit: '', valueType: ValueType.DOUBLE };
}

function metricData(metric: Metric, descriptor: Descriptor, snapshot: Snapshot, tier: Tier): MetricData {
  return metric.kind === 'histogram'
    ? histogramData(metric, descriptor, snapshot, tier)
    : numberData(metric, descriptor, snapshot, tier);
}

function numberData(metric: NumberMetric, descriptor: Descriptor, snapshot: Snapshot, tier: Tier): MetricData {
  const dataPoints = numberPoints(metric, snapshot, tier).map(({ attributes, value }): DataPoint<number> => ({
    startTime: NO_TIME,
    endTime: NO_TIME,
    attributes,
    value,
  }));
  const shared = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPoints };
  return metric.kind === 'gauge'
    ? { ...shared, dataPointType: DataPointType.GAUGE }
    : { ...shared, dataPointType: DataPointType.SUM, isMonotonic: metric.kind === 'counter' };
}

function histogramData(metric: HistogramMetric, descriptor: Descriptor, snapshot: Snapshot, tier: Tier): MetricData {
  return {
    descriptor,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: histogramPoints(metric, snapshot, tier).map(histogramDataPoint),
  };
}

function histogramDataPoint({ attributes, count, sum, boundaries, counts }: HistogramPoint): HistogramDataPoint {
  const buckets = { boundaries: [...boundaries], counts: [...counts] };
  return { startTime: NO_TIME, endTime: NO_TIME, attributes, value: { count, sum, buckets } };
}

type HistogramDataPoint = Extract<MetricData, { dataPointType: DataPointType.HISTOGRAM }>['dataPoints'][number];

type Resource = ResourceMetrics['resource'];

/** What becomes the labels of `target_info`. */
function resourceOf({ serviceName, serviceInstanceId, resource }: Identity): Resource {
  const attributes = legalAndDistinct({
    'service.name': serviceName,
    'service.instance.id': serviceInstanceId,
    ...resource,
  });
  const plain: Resource = { attributes, merge: () => plain, getRawAttributes: () => Object.entries(attributes) };
  return plain;
}

/**
 * Resource attributes are the user's, and the serializer makes `a.b` and `a_b` the same label: Prometheus would refuse
 * the whole scrape. The first one wins.
 */
function legalAndDistinct(resource: Readonly<Record<string, string>>): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(resource)) {
    const label = prometheusLabel(name);
    if (label !== '' && !Object.hasOwn(labels, label)) labels[label] = value;
  }
  return labels;
}
