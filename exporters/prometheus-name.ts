import type { Metric, Unit } from '../agent/model/metric.ts';

/**
 * The name under which a metric is found in Prometheus. It is the one that the OpenTelemetry Collector, Prometheus's own
 * OTLP receiver and Mimir give (github.com/prometheus/otlptranslator, strategy UnderscoreEscapingWithSuffixes), so that a
 * dashboard need not know which way a series came.
 */
export function prometheusName({ name, unit, kind }: Pick<Metric, 'name' | 'unit' | 'kind'>): string {
  const tokens = name.split(/[^a-zA-Z0-9]+/).filter((token) => token !== '');
  for (const suffix of unitSuffixes(unit)) if (!tokens.includes(suffix)) tokens.push(suffix);
  if (kind === 'counter') moveToEnd(tokens, 'total');
  if (kind === 'gauge' && unit === '1') moveToEnd(tokens, 'ratio');
  return startingLegally(tokens.join('_'));
}

/** Label names are only made legal, and what the Collector would put before a digit or an underscore is put there too. */
export function prometheusLabel(attribute: string): string {
  const name = attribute.replaceAll(/[^a-zA-Z0-9]+/g, '_');
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith('_') ? `key${name}` : name;
}

function unitSuffixes(unit: Unit): readonly string[] {
  switch (unit) {
    case 'By':
      return ['bytes'];
    case 's':
      return ['seconds'];
    case 'By/s':
      return ['bytes', 'per_second'];
    case '1':
    default:
      return []; // fractions and annotations in braces
  }
}

function moveToEnd(tokens: string[], token: string): void {
  const index = tokens.indexOf(token);
  if (index !== -1) tokens.splice(index, 1);
  tokens.push(token);
}

function startingLegally(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}
