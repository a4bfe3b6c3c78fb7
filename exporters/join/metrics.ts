/** Our number metrics as instruments on the application's MeterProvider: its readers, views, exporters and resource apply to them. */
import type { BatchObservableResult, Meter, MeterProvider, Observable } from '@opentelemetry/api';

import { numberPoints, type Attributes, type NumberMetric, type Tier } from '../../agent/model/metric.ts';
import { METRICS } from '../../agent/model/metrics.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { VERSION } from '../../agent/model/version.ts';
import { forget, namesOfOthers } from './storages.ts';

export const SCOPE = 'plimsoll';

export interface JoinedMetrics {
  /** Takes off callback and series. */
  leave(): void;
}

interface Series {
  readonly metric: NumberMetric;
  readonly instrument: Observable;
  /** What was reported last, by its attributes in one string. */
  reported: Map<string, Attributes>;
}

/** undefined: nothing would come of it, the provider is one that does nothing. Throws what the provider throws. */
export function joinMetrics(
  provider: MeterProvider,
  tier: Tier,
  snapshot: () => Snapshot,
  onFailure: (error: unknown) => void,
): JoinedMetrics | undefined {
  const meter = provider.getMeter(SCOPE, VERSION);
  if (isNoop(meter)) return undefined;
  const taken = namesOfOthers(provider, SCOPE);
  const series = METRICS.filter(isNumberMetric)
    .filter(({ name }) => !taken.has(name))
    .map((metric): Series => ({ metric, instrument: instrumentOf(meter, metric), reported: new Map() }));
  const instruments = series.map(({ instrument }) => instrument);
  let failed = false;

  /** Runs at each collection of each reader: synchronous, since a scrape of the application waits for it. */
  function observe(result: BatchObservableResult): void {
    if (failed) return;
    try {
      leaveToOthers(provider, series);
      const now = snapshot();
      for (const each of series) report(result, each, now, tier);
    } catch (error) {
      failed = true;
      onFailure(error);
    }
  }

  meter.addBatchObservableCallback(observe, instruments);
  return {
    leave() {
      meter.removeBatchObservableCallback(observe, instruments);
      forget(provider, SCOPE, () => true);
    },
  };
}

/** The API's own meter that does nothing has one gauge for all names. Asked just as they are registered: another unit is a conflict, logged. */
function isNoop(meter: Meter): boolean {
  const gauges = METRICS.filter(isNumberMetric).filter(({ kind }) => kind === 'gauge');
  const [one, other] = gauges.map((metric) => instrumentOf(meter, metric));
  return one === other;
}

/** There is no histogram that is read from a total: v8js.gc.duration cannot be handed over. */
function isNumberMetric(metric: (typeof METRICS)[number]): metric is NumberMetric {
  return metric.kind !== 'histogram';
}

function instrumentOf(meter: Meter, { kind, name, unit, description }: NumberMetric): Observable {
  const options = { unit, description };
  switch (kind) {
    case 'counter':
      return meter.createObservableCounter(name, options);
    case 'updowncounter':
      return meter.createObservableUpDownCounter(name, options);
    case 'gauge':
    default:
      return meter.createObservableGauge(name, options);
  }
}

/** What the application reports itself, from an instrumentation that came later than us, is no longer ours to report. */
function leaveToOthers(provider: object, series: Series[]): void {
  const taken = namesOfOthers(provider, SCOPE);
  const left = series.filter(({ metric }) => taken.has(metric.name));
  if (left.length === 0) return;
  forget(provider, SCOPE, (name) => taken.has(name));
  for (const each of left) series.splice(series.indexOf(each), 1);
}

/**
 * What is there, and once more what is no longer: under cumulative temporality the SDK exports the last value of a series for ever,
 * so that the last one has to be one that alarms nobody. A counter stays where it is.
 */
function report(result: BatchObservableResult, series: Series, snapshot: Snapshot, tier: Tier): void {
  const { metric, instrument, reported } = series;
  const now = new Map<string, Attributes>();
  for (const { attributes, value } of numberPoints(metric, snapshot, tier)) {
    result.observe(instrument, value, attributes);
    now.set(JSON.stringify(attributes), attributes);
  }
  series.reported = now;
  if (metric.kind === 'counter') return;
  for (const [key, attributes] of reported) {
    if (!now.has(key)) result.observe(instrument, metric.whenEnded ?? 0, attributes);
  }
}
