import { ValueType, type HrTime } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type DataPoint, type MetricData } from '@opentelemetry/sdk-metrics';

import {
  histogramPoints,
  numberPoints,
  type Attributes,
  type HistogramMetric,
  type HistogramPoint,
  type Metric,
  type NumberMetric,
  type Tier,
} from '../agent/model/metric.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';

/** Snapshots of one or more processes as the plain data that OpenTelemetry's serializers take. */

/** A snapshot, and how much of it is told. */
export interface Told {
  readonly snapshot: Snapshot;
  readonly tier: Tier;
  /** Carried by each point, where those of several services stand in one place. */
  readonly origin?: Attributes;
  /** Of these metrics only. */
  readonly only?: ReadonlySet<string>;
}

export type Descriptor = MetricData['descriptor'];

export interface Times {
  /** When the counters began. */
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** All of this is cumulative. No data points: none of the snapshots has the metric. */
export function metricDataOf(metric: Metric, descriptor: Descriptor, told: readonly Told[], times: Times): MetricData {
  const those = told.filter(({ only }) => only?.has(metric.name) !== false);
  return metric.kind === 'histogram'
    ? histogramData(metric, descriptor, those, times)
    : numberData(metric, descriptor, those, times);
}

export function descriptorOf({ description }: Metric, name: string, unit: string): Descriptor {
  return { name, description, unit, valueType: ValueType.DOUBLE };
}

function numberData(metric: NumberMetric, descriptor: Descriptor, told: readonly Told[], times: Times): MetricData {
  const dataPoints = told.flatMap(({ snapshot, tier, origin }) =>
    numberPoints(metric, snapshot, tier, origin).map(({ attributes, value }): DataPoint<number> => ({
      ...times,
      attributes,
      value,
    })),
  );
  const shared = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPoints };
  return metric.kind === 'gauge'
    ? { ...shared, dataPointType: DataPointType.GAUGE }
    : { ...shared, dataPointType: DataPointType.SUM, isMonotonic: metric.kind === 'counter' };
}

function histogramData(
  metric: HistogramMetric,
  descriptor: Descriptor,
  told: readonly Told[],
  times: Times,
): MetricData {
  return {
    descriptor,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: told.flatMap(({ snapshot, tier, origin }) =>
      histogramPoints(metric, snapshot, tier, origin).map((point) => histogramDataPoint(point, times)),
    ),
  };
}

function histogramDataPoint(point: HistogramPoint, times: Times): HistogramDataPoint {
  const { attributes, count, sum, boundaries, counts } = point;
  const buckets = { boundaries: [...boundaries], counts: [...counts] };
  return { ...times, attributes, value: { count, sum, buckets } };
}

type HistogramDataPoint = Extract<MetricData, { dataPointType: DataPointType.HISTOGRAM }>['dataPoints'][number];
