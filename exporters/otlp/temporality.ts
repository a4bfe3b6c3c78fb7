import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';

import type { Metric } from '../../agent/model/metric.ts';
import type { OtlpTemporality } from '../../agent/model/otlp.ts';

/**
 * Cumulative data as the receiver wants it: counters and histograms as what was added since the last export that was taken. Ups and downs
 * and gauges stay as they are:
 * https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration.
 */
export interface Temporality {
  apply(kind: Metric['kind'], data: MetricData): MetricData;
  /** All that was applied since the last call was taken: the next differences begin here. */
  accept(): void;
}

type Total = number | Histogram;
type HrTime = DataPoint<Total>['endTime'];

export function createTemporality(preference: OtlpTemporality): Temporality {
  /** Of each series, at the last export that was taken. */
  let before = new Map<string, Total>();
  let beforeTime: HrTime | undefined;
  let now = new Map<string, Total>();
  let nowTime: HrTime | undefined;

  /** A fall is a new beginning. */
  function added<T extends Total>(key: string, total: T, minus: (total: T, from: T) => T | undefined): T {
    now.set(key, total);
    const from = before.get(key) as T | undefined;
    return from === undefined ? total : (minus(total, from) ?? total);
  }

  function deltas<T extends Total>(
    name: string,
    points: readonly DataPoint<T>[],
    minus: (total: T, from: T) => T | undefined,
  ): DataPoint<T>[] {
    return points.map((point) => {
      nowTime = point.endTime;
      const value = added(`${name} ${JSON.stringify(point.attributes)}`, point.value, minus);
      return { ...point, startTime: beforeTime ?? point.startTime, value };
    });
  }

  return {
    apply(kind, data) {
      if (!isDelta(kind, preference)) return data;
      const { name } = data.descriptor;
      const aggregationTemporality = AggregationTemporality.DELTA;
      if (data.dataPointType === DataPointType.SUM)
        return { ...data, aggregationTemporality, dataPoints: deltas(name, data.dataPoints, minusNumber) };
      if (data.dataPointType === DataPointType.HISTOGRAM)
        return { ...data, aggregationTemporality, dataPoints: deltas(name, data.dataPoints, minusHistogram) };
      return data;
    },
    accept() {
      before = now;
      beforeTime = nowTime;
      now = new Map();
    },
  };
}

/** `lowmemory`: only what an instrument is told, and not what it asks for. All our counters are asked for. */
function isDelta(kind: Metric['kind'], preference: OtlpTemporality): boolean {
  if (preference === 'cumulative') return false;
  return kind === 'histogram' || (kind === 'counter' && preference === 'delta');
}

function minusNumber(total: number, from: number): number | undefined {
  return total < from ? undefined : total - from;
}

function minusHistogram(total: Histogram, from: Histogram): Histogram | undefined {
  if (total.count < from.count) return undefined;
  const { boundaries, counts } = total.buckets;
  return {
    count: total.count - from.count,
    sum: (total.sum ?? 0) - (from.sum ?? 0),
    buckets: { boundaries, counts: counts.map((count, index) => count - (from.buckets.counts[index] ?? 0)) },
  };
}
