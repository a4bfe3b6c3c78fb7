import type { Problem } from './problem.ts';

/**
 * What the `OTEL_*` variables say about OTLP over HTTP:
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and …/configuration/sdk-environment-variables/.
 */
export interface OtlpSettings {
  /** undefined: cannot be sent (`grpc`). */
  readonly metrics: OtlpTarget | undefined;
  /** undefined: events are not sent as log records (`OTEL_LOGS_EXPORTER=none`, no endpoint for logs, `grpc`). */
  readonly logs: OtlpTarget | undefined;
  readonly temporality: OtlpTemporality;
  /** OTEL_METRIC_EXPORT_INTERVAL. */
  readonly intervalMs: number;
  /** What is wrong with the variables; of interest only where OTLP is what is opened. */
  readonly problems: readonly Problem[];
}

/** What counters and histograms are sent as; `lowmemory`: what is observed stays cumulative. */
export type OtlpTemporality = 'cumulative' | 'delta' | 'lowmemory';

export interface OtlpTarget {
  /** Whole, path included. */
  readonly url: URL;
  readonly protocol: 'http/protobuf' | 'http/json';
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** For one request, from the name's resolution to the end of the answer. */
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Paths of PEM files; undefined: Node.js's own. */
  readonly certificatePath: string | undefined;
  readonly clientCertificatePath: string | undefined;
  readonly clientKeyPath: string | undefined;
}
