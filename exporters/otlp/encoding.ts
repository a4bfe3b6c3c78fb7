import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';

import type { OtlpTarget } from '../../agent/model/otlp.ts';

/** What OpenTelemetry's serializers take, and what their answers are read as. */
export type MetricsRequest = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0];
export type LogsRequest = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0];

export interface Encoding {
  readonly contentType: string;
  metrics(request: MetricsRequest): Uint8Array | undefined;
  logs(request: LogsRequest): Uint8Array | undefined;
  /** Several encoded requests for metrics as one. */
  joined(requests: readonly Uint8Array[]): Uint8Array;
  /** How many of the points or records of a request that was taken were refused nevertheless, and why. */
  rejected(answer: Buffer): Rejection | undefined;
}

export interface Rejection {
  readonly count: number;
  readonly why: string;
}

export function encodingOf(protocol: OtlpTarget['protocol']): Encoding {
  return protocol === 'http/json' ? JSON_ENCODING : PROTOBUF_ENCODING;
}

const JSON_OPEN = '{"resourceMetrics":[';
const JSON_CLOSE = ']}';

const JSON_ENCODING: Encoding = {
  contentType: 'application/json',
  metrics: (request) => JsonMetricsSerializer.serializeRequest(request),
  logs: (request) => JsonLogsSerializer.serializeRequest(request),
  joined: (requests) => {
    // each is {"resourceMetrics":[…]}
    const lists = requests.map((request) => Buffer.from(request).subarray(JSON_OPEN.length, -JSON_CLOSE.length));
    return Buffer.from(`${JSON_OPEN}${lists.join(',')}${JSON_CLOSE}`);
  },
  // not the package's: it tells the application's diagnostics of what it cannot parse
  rejected: (answer) => rejection(() => JSON.parse(answer.toString('utf8'))),
};

const PROTOBUF_ENCODING: Encoding = {
  contentType: 'application/x-protobuf',
  metrics: (request) => ProtobufMetricsSerializer.serializeRequest(request),
  logs: (request) => ProtobufLogsSerializer.serializeRequest(request),
  // messages that follow each other are one, with the fields of all: https://protobuf.dev/programming-guides/encoding/#last-one-wins
  joined: (requests) => Buffer.concat(requests),
  // the field numbers are those of logs too
  rejected: (answer) => rejection(() => ProtobufMetricsSerializer.deserializeResponse(answer)),
};

interface Answer {
  readonly partialSuccess?: {
    /** JSON writes int64 as a string. */
    readonly rejectedDataPoints?: number | string;
    readonly rejectedLogRecords?: number | string;
    readonly errorMessage?: unknown;
  };
}

/** An answer that cannot be read says nothing: its status said that the request was taken. */
function rejection(read: () => unknown): Rejection | undefined {
  try {
    const { rejectedDataPoints, rejectedLogRecords, errorMessage } = (read() as Answer).partialSuccess ?? {};
    const count = Number(rejectedDataPoints ?? rejectedLogRecords ?? 0);
    return count > 0 ? { count, why: typeof errorMessage === 'string' ? errorMessage : 'no reason given' } : undefined;
  } catch {
    return undefined;
  }
}
