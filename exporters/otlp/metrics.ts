import type { MetricData } from '@opentelemetry/sdk-metrics';

import type { ExporterParts } from '../../agent/model/exporter.ts';
import type { Metric } from '../../agent/model/metric.ts';
import { METRICS } from '../../agent/model/metrics.ts';
import type { OtlpTemporality } from '../../agent/model/otlp.ts';
import { COL } from '../../agent/model/row.ts';
import { descriptorOf, metricDataOf, type Descriptor, type Told } from '../metric-data.ts';
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

export interface CollectionParts extends Pick<ExporterParts, 'tier' | 'otlp' | 'snapshot'> {
  readonly clock: Pick<ExporterParts['clock'], 'wallMs' | 'monotonicMs'>;
}

export function createCollection({ tier, clock, otlp, snapshot }: CollectionParts): Collection {
  // the monotonic clock begins with the process
  const startMs = clock.wallMs() - clock.monotonicMs();
  const subject = createSubjectCollection(startMs, otlp.temporality);
  return {
    collect() {
      const latest = snapshot();
      const wallMs = latest.row[COL.wallMs] ?? Number.NaN;
      return Number.isNaN(wallMs) ? undefined : subject.collect({ snapshot: latest, tier }, wallMs);
    },
    accept: subject.accept,
  };
}

/** What one resource has told so far. */
export interface SubjectCollection {
  /** `wallMs`: of its points. */
  collect(told: Told, wallMs: number): MetricsRequest;
  /** What was collected last was taken. */
  accept(): void;
}

/** Made at the first export: the applications' processes load this long before. */
let table: readonly { readonly metric: Metric; readonly descriptor: Descriptor }[] | undefined;

/** The table of metrics as one request, under the names and units of OpenTelemetry. A series that has ended is not in it. */
export function createSubjectCollection(startWallMs: number, preference: OtlpTemporality): SubjectCollection {
  const temporality = createTemporality(preference);
  return {
    collect(told, wallMs) {
      table ??= METRICS.map((metric) => ({ metric, descriptor: descriptorOf(metric, metric.name, metric.unit) }));
      const times = { startTime: hrTime(startWallMs), endTime: hrTime(Math.max(startWallMs, wallMs)) };
      const metrics = table
        .map(({ metric, descriptor }): MetricData =>
          temporality.apply(metric.kind, metricDataOf(metric, descriptor, [told], times)),
        )
        .filter(({ dataPoints }) => dataPoints.length > 0);
      const { identity } = told.snapshot;
      return { resource: resourceOf(identity), scopeMetrics: [{ scope: scopeOf(identity), metrics }] };
    },
    accept: temporality.accept,
  };
}
