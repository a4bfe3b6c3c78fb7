/**
 * What the `OTEL_*` variables say about OTLP over HTTP:
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and …/configuration/sdk-environment-variables/.
 */
export interface OtlpSettings {
  /** An endpoint for metrics is named in the environment, so that `auto` chooses OTLP. */
  readonly isNamed: boolean;
  /** undefined: cannot be sent (`grpc`). */
  readonly metrics: OtlpTarget | undefined;
  /** undefined: events are not sent as log records (`OTEL_LOGS_EXPORTER=none`, `grpc`). */
  readonly logs: OtlpTarget | undefined;
  readonly temporality: 'cumulative' | 'delta' | 'lowmemory';
  /** OTEL_METRIC_EXPORT_INTERVAL. */
  readonly intervalMs: number;
}

export interface OtlpTarget {
  /** Whole, path included. */
  readonly url: URL;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  /** For one request, from connecting to the end of the answer. */
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Paths of PEM files; undefined: Node.js's own. */
  readonly certificatePath: string | undefined;
  readonly clientCertificatePath: string | undefined;
  readonly clientKeyPath: string | undefined;
}
