import type { HrTime } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';

import type { Tier } from '../agent/model/metric.ts';
import { METRICS } from '../agent/model/metrics.ts';
import type { Identity, Snapshot } from '../agent/model/snapshot.ts';
import { descriptorOf, metricDataOf, type Told } from './metric-data.ts';
import { bySlot } from './siblings-slots.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

/**
 * Snapshots as Prometheus text, version 0.0.4: of this process, which is the target, and of those it serves too. Only the serializer of the exporter package is used: it takes plain data,
 * so no SDK is loaded and nothing is kept between two scrapes. It adds `_total` and no unit, and writes `# UNIT` lines
 * that the format does not know; so it is given finished names, and units in them only.
 */
export type PrometheusText = (own: Snapshot, siblings?: readonly Snapshot[]) => string;

/** Printed nowhere: the text carries no timestamps, so that Prometheus's staleness works. */
const NO_TIME: HrTime = [0, 0];
const TIMES = { startTime: NO_TIME, endTime: NO_TIME };

const SCOPE = { name: 'plimsoll' };

export function createPrometheusText(tier: Tier): PrometheusText {
  const text = createFleetText();
  return (own, siblings = []) => {
    const snapshots = [own, ...siblings].toSorted((a, b) => bySlot(a.identity.process, b.identity.process));
    return text(
      own.identity,
      snapshots.map((snapshot) => ({ snapshot, tier })),
    );
  };
}

/** The text of whoever is scraped, about others: each name once, whatever service its series are of. */
export function createFleetText(): (target: Identity, told: readonly Told[]) => string {
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const named = METRICS.map((metric) => ({ metric, descriptor: descriptorOf(metric, prometheusName(metric), '') }));
  return (target, told) =>
    serializer.serialize({
      resource: resourceOf(target),
      scopeMetrics: [
        {
          scope: SCOPE,
          metrics: named
            .map(({ metric, descriptor }) => metricDataOf(metric, descriptor, told, TIMES))
            .filter(({ dataPoints }) => dataPoints.length > 0), // else the serializer writes its HELP and TYPE
        },
      ],
    });
}

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
