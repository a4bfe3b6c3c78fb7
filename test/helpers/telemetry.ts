/**
 * What an OTLP receiver got, as lines that can be compared between two runs of the same program: names, kinds, units and attribute keys;
 * of the values only those that say what a span or series is about.
 */
import { bodyOf } from './otlp-protobuf.ts';
import type { OtlpRequest } from './otlp-receiver.ts';

export interface Telemetry {
  readonly spans: readonly string[];
  /** Each series once. */
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
  /** Keys of the attributes that their resources have; what Plimsoll exports itself has one of its own. */
  readonly resource: readonly string[];
}

/** The scope of everything that Plimsoll adds to the application's telemetry. */
export const OUR_SCOPE = 'plimsoll';

interface Attribute {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}
interface Scoped {
  readonly scope?: { readonly name?: string };
}
interface Points {
  readonly dataPoints?: readonly { readonly attributes?: readonly Attribute[] }[];
  readonly isMonotonic?: boolean;
}
interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly gauge?: Points;
  readonly sum?: Points;
  readonly histogram?: Points;
}
type Item = Readonly<Record<string, unknown>> & { readonly attributes?: readonly Attribute[] };
interface Group {
  readonly resource?: { readonly attributes?: readonly Attribute[] };
  readonly scopeSpans?: readonly (Scoped & { readonly spans?: readonly Item[] })[];
  readonly scopeMetrics?: readonly (Scoped & { readonly metrics?: readonly Metric[] })[];
  readonly scopeLogs?: readonly (Scoped & { readonly logRecords?: readonly Item[] })[];
}
interface Body {
  readonly resourceSpans?: readonly Group[];
  readonly resourceMetrics?: readonly Group[];
  readonly resourceLogs?: readonly Group[];
}

/** Their values are the same in each run, and tell one span or series from another. */
const TELLING = /^(http\.(request\.)?method|http\.(response\.)?status_code|server\.address|url\.scheme|plimsoll\..*)$/;
/** Which collections and active resources there are depends on the moment. */
const BY_CHANCE = /^(v8js\.gc\.duration|v8js\.resource\.active|process\.runtime\.nodejs\.memory\.gc\..*)$/;

export function telemetryOf(requests: readonly OtlpRequest[]): Telemetry {
  const bodies = requests.map((request) => bodyOf(request) as Body);
  const traces = bodies.flatMap(({ resourceSpans = [] }) => resourceSpans);
  const metrics = bodies.flatMap(({ resourceMetrics = [] }) => resourceMetrics);
  const logs = bodies.flatMap(({ resourceLogs = [] }) => resourceLogs);
  const theirs = [...traces, ...metrics, ...logs].filter((group) => scopesOf(group).some((name) => name !== OUR_SCOPE));
  const resources = theirs.flatMap(({ resource }) => resource?.attributes ?? []);
  return {
    spans: traces.flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap(spanLines)).toSorted(),
    metrics: unique(metrics.flatMap(({ scopeMetrics = [] }) => scopeMetrics.flatMap(metricLines))),
    logs: logs.flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(logLines)).toSorted(),
    resource: unique(resources.map(({ key }) => key)),
  };
}

/** Splits lines into those of the application and those of Plimsoll. */
export function splitOurs(lines: readonly string[]): {
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
} {
  const isOurs = (line: string): boolean => line.startsWith(`${OUR_SCOPE} `) || line.includes('plimsoll.');
  return { theirs: lines.filter((line) => !isOurs(line)), ours: lines.filter(isOurs) };
}

function scopesOf({ scopeSpans = [], scopeMetrics = [], scopeLogs = [] }: Group): readonly (string | undefined)[] {
  return [...scopeSpans, ...scopeMetrics, ...scopeLogs].map(({ scope }) => scope?.name);
}

function spanLines({ scope, spans = [] }: NonNullable<Group['scopeSpans']>[number]): string[] {
  return spans.map(({ name, kind, attributes }) => {
    const named = String(name).replaceAll(/\b\d{4,5}\b/g, '<port>');
    return `${scope?.name} ${named} kind ${String(kind)} {${attributeText(attributes)}}`;
  });
}

function metricLines({ scope, metrics = [] }: NonNullable<Group['scopeMetrics']>[number]): string[] {
  return metrics
    .filter(({ name }) => !BY_CHANCE.test(name))
    .flatMap(({ name, unit, gauge, sum, histogram }) => {
      const kind = gauge ? 'gauge' : sum?.isMonotonic ? 'counter' : sum ? 'updowncounter' : 'histogram';
      const points = (gauge ?? sum ?? histogram)?.dataPoints ?? [];
      return points.map(({ attributes }) => `${scope?.name} ${name} ${kind} ${unit} {${attributeText(attributes)}}`);
    });
}

function logLines({ scope, logRecords = [] }: NonNullable<Group['scopeLogs']>[number]): string[] {
  return logRecords.map(({ eventName, severityNumber, attributes }) => {
    return `${scope?.name} ${String(eventName)} severity ${String(severityNumber)} {${attributeText(attributes)}}`;
  });
}

function attributeText(attributes: readonly Attribute[] = []): string {
  const texts = attributes.map(({ key, value }) =>
    TELLING.test(key) ? `${key}=${String(Object.values(value ?? {})[0])}` : key,
  );
  return texts.toSorted().join(', ');
}

function unique(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)].toSorted();
}
