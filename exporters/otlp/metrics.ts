import type { MetricData } from '@opentelemetry/sdk-metrics';

import type { ExporterParts } from '../../agent/model/exporter.ts';
import { METRICS } from '../../agent/model/metrics.ts';
import { COL } from '../../agent/model/row.ts';
import { descriptorOf, metricDataOf } from '../metric-data.ts';
import type { MetricsRequest } from './encoding.ts';
import { hrTime } from './hr-time.ts';
import { resourceOf, scopeOf } from './resource.ts';
import { createTemporality } from './temporality.ts';

export interface Collection {
  /** undefined: no sample yet. */
  collect(): MetricsRequest | undefined;
  /** What was collected last was taken. */
  accept(): void;
}

/** The table of metrics as one request, under the names and units of OpenTelemetry. A series that has ended is not in it. */
export interface CollectionParts extends Pick<ExporterParts, 'tier' | 'otlp' | 'snapshot'> {
  readonly clock: Pick<ExporterParts['clock'], 'wallMs' | 'monotonicMs'>;
}

export function createCollection({ tier, clock, otlp, snapshot }: CollectionParts): Collection {
  const named = METRICS.map((metric) => ({ metric, descriptor: descriptorOf(metric, metric.name, metric.unit) }));
  const temporality = createTemporality(otlp.temporality);
  // the monotonic clock begins with the process
  const startMs = clock.wallMs() - clock.monotonicMs();

  return {
    collect() {
      const latest = snapshot();
      const wallMs = latest.row[COL.wallMs] ?? Number.NaN;
      if (Number.isNaN(wallMs)) return undefined;
      const times = { startTime: hrTime(startMs), endTime: hrTime(Math.max(startMs, wallMs)) };
      const metrics = named
        .map(({ metric, descriptor }): MetricData =>
          temporality.apply(metric.kind, metricDataOf(metric, descriptor, [latest], tier, times)),
        )
        .filter(({ dataPoints }) => dataPoints.length > 0);
      const { identity } = latest;
      return { resource: resourceOf(identity), scopeMetrics: [{ scope: scopeOf(identity), metrics }] };
    },
    accept: temporality.accept,
  };
}
