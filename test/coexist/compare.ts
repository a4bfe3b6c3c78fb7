/**
 * What two runs of an application told, made comparable: without times, identifiers and measured values. A line is one span, one log
 * record, one series or one resource.
 */
import type { OtlpRequest } from '../helpers/otlp-receiver.ts';
import type { Attribute, Body, LogRecord, Metric, Point, Scope, Span } from './otlp-json.ts';

export const SIGNALS = ['metrics', 'traces', 'logs'] as const;
export type Signal = (typeof SIGNALS)[number];

export interface Told {
  /** Of the application. Spans and log records as often as they came, in order of their text. */
  readonly theirs: Readonly<Record<Signal, readonly string[]>>;
  readonly ours: Ours;
}

export interface Ours {
  /** Metric names in the scope `plimsoll`. */
  readonly metrics: ReadonlySet<string>;
  /** … that another scope of the same export has too. */
  readonly twice: readonly string[];
  /** Values of `exporter` in `plimsoll.agent.info`, in order. */
  readonly exporters: readonly string[];
  /** `plimsoll.pressure.level` of each span that has it. */
  readonly levels: readonly number[];
  readonly unmarkedSpans: number;
  readonly events: readonly string[];
}

const OUR_SCOPE = 'plimsoll';
const LEVEL = 'plimsoll.pressure.level';
/** Their values differ from run to run, or because of the preload itself. */
const VOLATILE = /(^|[._])(port|pid|id|command_args|user_agent|gc\.type|resource\.type)$/;
/** The scope of the application's own instruments: the same calls, so the same numbers. */
const COUNTED_SCOPES = new Set(['app']);

export function toldBy(requests: readonly OtlpRequest[]): Told {
  const bodies = requests.flatMap(({ json }) => (json === undefined ? [] : [json as Body]));
  const metrics = bodies.flatMap(metricsOf);
  const spans = bodies.flatMap(spansOf);
  const logs = bodies.flatMap(logsOf);
  const resources = (signal: Signal): string[] =>
    unique(bodies.flatMap((body) => theirResources(body, signal))).map((line) => `resource ${line}`);
  const nameOf = new Map(spans.map(({ span }) => [span.spanId, span.name]));
  return {
    theirs: {
      metrics: [...resources('metrics'), ...seriesLines(metrics.filter(isTheirs))].toSorted(),
      traces: [...resources('traces'), ...spans.map(({ scope, span }) => spanLine(scope, span, nameOf))].toSorted(),
      logs: [
        ...resources('logs'),
        ...logs.filter(isTheirs).map(({ scope, record }) => recordLine(scope, record)),
      ].toSorted(),
    },
    ours: oursIn(bodies, metrics, spans, logs),
  };
}

interface FoundMetric {
  readonly scope: Scope;
  readonly metric: Metric;
}
interface FoundSpan {
  readonly scope: Scope;
  readonly span: Span;
}
interface FoundLog {
  readonly scope: Scope;
  readonly record: LogRecord;
}

function metricsOf({ resourceMetrics = [] }: Body): FoundMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope, metrics }) => metrics.map((metric) => ({ scope, metric }))),
  );
}

function spansOf({ resourceSpans = [] }: Body): FoundSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => ({ scope, span }))),
  );
}

function logsOf({ resourceLogs = [] }: Body): FoundLog[] {
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) => logRecords.map((record) => ({ scope, record }))),
  );
}

/** Where nothing but ours is, the resource is ours too. */
function theirResources(
  { resourceMetrics = [], resourceSpans = [], resourceLogs = [] }: Body,
  signal: Signal,
): string[] {
  const told = {
    metrics: resourceMetrics.map(({ resource, scopeMetrics }) => ({ resource, scopes: scopeMetrics })),
    traces: resourceSpans.map(({ resource, scopeSpans }) => ({ resource, scopes: scopeSpans })),
    logs: resourceLogs.map(({ resource, scopeLogs }) => ({ resource, scopes: scopeLogs })),
  };
  return told[signal]
    .filter(({ scopes }) => scopes.some(isTheirs))
    .map(({ resource }) => attributesLine(resource.attributes));
}

function oursIn(
  bodies: readonly Body[],
  metrics: readonly FoundMetric[],
  spans: readonly FoundSpan[],
  logs: readonly FoundLog[],
): Ours {
  const ours = metrics.filter((found) => !isTheirs(found)).map(({ metric }) => metric);
  const names = new Set(ours.map(({ name }) => name));
  const infos = ours.filter(({ name }) => name === 'plimsoll.agent.info').flatMap(pointsOf);
  const levels = spans.map(({ span }) => span.attributes.find(({ key }) => key === LEVEL)?.value['intValue']);
  return {
    metrics: names,
    twice: unique(bodies.flatMap((body) => namesInBoth(metricsOf(body)))),
    exporters: unique(
      infos.map(({ attributes }) => String(attributes?.find(({ key }) => key === 'exporter')?.value['stringValue'])),
    ),
    levels: levels.filter((level) => level !== undefined).map(Number),
    unmarkedSpans: levels.filter((level) => level === undefined).length,
    events: logs
      .filter((found) => !isTheirs(found))
      .map(
        ({ record }) =>
          record.eventName ?? String(record.attributes.find(({ key }) => key === 'event.name')?.value['stringValue']),
      ),
  };
}

function namesInBoth(found: readonly FoundMetric[]): string[] {
  const ours = new Set(found.filter((each) => !isTheirs(each)).map(({ metric }) => metric.name));
  return found.filter((each) => isTheirs(each) && ours.has(each.metric.name)).map(({ metric }) => metric.name);
}

function isTheirs({ scope }: { readonly scope: Scope }): boolean {
  return scope.name !== OUR_SCOPE;
}

/** Each series once, with the last value of those that count what the application did. */
function seriesLines(found: readonly FoundMetric[]): string[] {
  const values = new Map<string, string>();
  for (const { scope, metric } of found) {
    const { name, unit, description, sum } = metric;
    const kind =
      sum === undefined ? Object.keys(metric).at(-1) : `sum ${sum.aggregationTemporality} ${sum.isMonotonic}`;
    for (const point of pointsOf(metric)) {
      const line = [scopeLine(scope), name, unit, description, kind, attributesLine(point.attributes ?? [])].join(
        ' | ',
      );
      values.set(line, COUNTED_SCOPES.has(scope.name) ? ` = ${point.asDouble ?? point.asInt ?? point.count}` : '');
    }
  }
  return [...values].map(([line, value]) => line + value);
}

function pointsOf({ gauge, sum, histogram }: Metric): readonly Point[] {
  return (gauge ?? sum ?? histogram)?.dataPoints ?? [];
}

function spanLine(scope: Scope, span: Span, nameOf: ReadonlyMap<string, string>): string {
  const { parentSpanId = '', name, kind, attributes, events, links, status } = span;
  const parent = parentSpanId === '' ? 'root' : `in ${nameOf.get(parentSpanId) ?? 'unknown'}`;
  const rest = [events.map((event) => event.name).join(','), links.length, JSON.stringify(status)];
  return [scopeLine(scope), name, kind, parent, attributesLine(attributes), ...rest].join(' | ');
}

function recordLine(scope: Scope, { severityNumber, severityText, eventName, body, attributes }: LogRecord): string {
  const parts = [severityNumber, severityText, eventName, JSON.stringify(body), attributesLine(attributes)];
  return [scopeLine(scope), ...parts].join(' | ');
}

function scopeLine({ name, version }: Scope): string {
  return `${name}@${version ?? ''}`;
}

function attributesLine(attributes: readonly Attribute[]): string {
  return attributes
    .filter(({ key }) => !key.startsWith('plimsoll.'))
    .map(({ key, value }) => (VOLATILE.test(key) ? key : `${key}=${valueText(value)}`))
    .toSorted()
    .join(', ');
}

function valueText(value: Attribute['value']): string {
  return JSON.stringify(Object.values(value)[0] ?? null).replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:port');
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

/** `+` what only the second has, `-` what it lacks, as often as it does. */
export function differences(without: readonly string[], withPlimsoll: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of withPlimsoll) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of without) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts].flatMap(([line, count]) =>
    Array.from({ length: Math.abs(count) }, () => `${count > 0 ? '+' : '-'} ${line}`),
  );
}
