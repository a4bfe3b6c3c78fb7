import type { Metric } from './metric.ts';
import { AGENT_METRICS } from './metrics-agent.ts';
import { CONTAINER_METRICS } from './metrics-container.ts';
import { DEATH_METRICS } from './metrics-deaths.ts';
import { GIVEN_BACK_METRICS } from './metrics-given-back.ts';
import { PRESSURE_METRICS } from './metrics-pressure.ts';
import { RUNTIME_METRICS } from './metrics-runtime.ts';

/**
 * Every metric there is, in the order of export. Exporters translate this table and know no metric by name;
 * docs/metrics.md is generated from it.
 */
export const METRICS: readonly Metric[] = [
  ...PRESSURE_METRICS,
  ...CONTAINER_METRICS,
  ...DEATH_METRICS,
  ...GIVEN_BACK_METRICS,
  ...AGENT_METRICS,
  ...RUNTIME_METRICS,
];
