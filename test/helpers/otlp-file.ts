/** What the file exporter of a Collector wrote: https://github.com/open-telemetry/opentelemetry-proto in its JSON form. */

type Value = Readonly<{ stringValue?: string; doubleValue?: number; intValue?: string }>;

interface Attributed {
  readonly attributes?: readonly { readonly key: string; readonly value: Value }[];
}

interface Resourced {
  readonly resource: Attributed;
}

export interface LogRecord extends Attributed {
  readonly timeUnixNano: string;
  readonly eventName: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: Value;
}

export interface Point extends Attributed {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  /** Of a histogram. */
  readonly count?: string;
}

interface Data {
  readonly dataPoints: readonly Point[];
  readonly aggregationTemporality?: number;
}

interface Metric {
  readonly name: string;
  readonly gauge?: Data;
  readonly sum?: Data;
  readonly histogram?: Data;
}

interface LogsRequest {
  readonly resourceLogs: readonly (Resourced & {
    readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
  })[];
}

interface MetricsRequest {
  readonly resourceMetrics: readonly (Resourced & {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  })[];
}

/** Of one service, in the order of their arrival. */
export function logRecordsIn(lines: readonly unknown[], serviceName: string): LogRecord[] {
  return (lines as readonly LogsRequest[])
    .flatMap(({ resourceLogs }) => resourceLogs)
    .filter(({ resource }) => attributesOf(resource)['service.name'] === serviceName)
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
}

/** The points of one metric of one service, in the order of their arrival, with what they are points of. */
export function pointsIn(
  lines: readonly unknown[],
  serviceName: string,
  name: string,
): (Point & { kind: string; temporality: number })[] {
  return (lines as readonly MetricsRequest[])
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .filter(({ resource }) => attributesOf(resource)['service.name'] === serviceName)
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter((metric) => metric.name === name)
    .flatMap(({ gauge, sum, histogram }) => {
      const kind = gauge ? 'gauge' : sum ? 'sum' : 'histogram';
      const data = gauge ?? sum ?? histogram;
      return (data?.dataPoints ?? []).map((point) => ({
        ...point,
        kind,
        temporality: data?.aggregationTemporality ?? 0,
      }));
    });
}

export function attributesOf({ attributes = [] }: Attributed): Record<string, string | number | undefined> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]),
  );
}
