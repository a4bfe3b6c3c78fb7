/** The table in docs/metrics.md, made from agent/model/metrics.ts. `npm run docs` writes it; a guard test compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CONSTRAINTS } from '../agent/model/constraint.ts';
import {
  histogramPoints,
  numberPoints,
  PROCESS_ATTRIBUTE,
  type Attributes,
  type Metric,
  type Tier,
} from '../agent/model/metric.ts';
import { METRICS } from '../agent/model/metrics.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { prometheusName } from '../exporters/prometheus-name.ts';
import { worstCaseSnapshot } from '../test/helpers/snapshot.ts';

const PAGE = join(import.meta.dirname, '../docs/metrics.md');

/** Attributes whose values the machine or the application gives. */
const OPEN_ATTRIBUTES = new Set([
  'version',
  'mode',
  'node',
  'exporter',
  'reason',
  'plimsoll.action',
  'plimsoll.cache.name',
  'plimsoll.cache.library',
  'plimsoll.reclaimer',
  'plimsoll.shed.point',
  'plimsoll.adaptive.name',
]);

export function metricsTable(): string {
  const head = [
    '| Prometheus | OpenTelemetry | kind, unit | attributes | core | full | |',
    '|---|---|---|---|---|---|---|',
  ];
  return [...head, ...METRICS.map(tableRow)].join('\n');
}

/** How many series a process can have at most, `target_info` included. */
export function seriesBudget(tier: Tier): number {
  return METRICS.filter(({ ofWorkload }) => ofWorkload !== true).reduce(
    (sum, metric) => sum + seriesCount(metric, tier),
    1,
  );
}

/** What is told once for all processes of a service in a container, and outlives them. */
export function workloadSeries(tier: Tier): number {
  return METRICS.filter(({ ofWorkload }) => ofWorkload === true).reduce(
    (sum, metric) => sum + seriesCount(metric, tier),
    0,
  );
}

function tableRow(metric: Metric): string {
  const cells = [
    `\`${prometheusName(metric)}\``,
    `\`${metric.name}\``,
    `${metric.kind}, ${metric.unit}`,
    attributesCell(metric),
    seriesCell(metric, 'core'),
    seriesCell(metric, 'full'),
    metric.description,
  ];
  return `| ${cells.join(' | ')} |`;
}

function attributesOf(metric: Metric, tier: Tier, snapshot: Snapshot = worstCaseSnapshot()): readonly Attributes[] {
  const points =
    metric.kind === 'histogram' ? histogramPoints(metric, snapshot, tier) : numberPoints(metric, snapshot, tier);
  return points.map(({ attributes }) => attributes);
}

function attributesCell(metric: Metric): string {
  const values = new Map<string, Set<string>>();
  const snapshots = CONSTRAINTS.map((binding) => worstCaseSnapshot(binding));
  for (const attributes of snapshots.flatMap((snapshot) => attributesOf(metric, 'full', snapshot))) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name !== PROCESS_ATTRIBUTE) values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  }
  return [...values]
    .map(([name, set]) => (OPEN_ATTRIBUTES.has(name) ? `\`${name}\`` : `\`${name}\`: ${[...set].join(', ')}`))
    .join('; ');
}

function seriesCell(metric: Metric, tier: Tier): string {
  const count = seriesCount(metric, tier);
  return count === 0 ? '–' : String(count);
}

/** A histogram has one series per bucket, its sum and its count. */
function seriesCount(metric: Metric, tier: Tier): number {
  if (metric.kind !== 'histogram') return attributesOf(metric, tier).length;
  return histogramPoints(metric, worstCaseSnapshot(), tier).reduce((sum, { counts }) => sum + counts.length + 2, 0);
}

export function withTable(page: string): string {
  const budget = `At most ${seriesBudget('core')} series a process in \`core\`, ${seriesBudget('full')} in \`full\`, \`target_info\` included; and ${workloadSeries('core')} of deaths, once for all processes of a service in a container.`;
  const block = /(<!-- metrics -->\n)[\s\S]*?(\n<!-- \/metrics -->)/;
  if (!block.test(page)) throw new Error('docs/metrics.md has no block for the table');
  return page.replace(block, (_, open: string, close: string) => `${open}${budget}\n\n${metricsTable()}${close}`);
}

if (import.meta.main) writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8')));
