/**
 * OTLP requests in protobuf as the data that their JSON form has, for exporters that speak nothing else. Only what tests compare is
 * decoded; fields that are not in the table are skipped: https://github.com/open-telemetry/opentelemetry-proto.
 */
import type { OtlpRequest } from './otlp-receiver.ts';

type Kind = 'text' | 'integer' | 'bool' | 'double' | 'fixed64' | { readonly message: string };
interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly repeated?: true;
}

const one = (name: string, message: string): Field => ({ name, kind: { message } });
const many = (name: string, message: string): Field => ({ name, kind: { message }, repeated: true });
const plain = (name: string, kind: Exclude<Kind, object>): Field => ({ name, kind });

const ATTRIBUTES = many('attributes', 'KeyValue');
const SCHEMA: Readonly<Record<string, Readonly<Record<number, Field>>>> = {
  '/v1/traces': { 1: many('resourceSpans', 'ResourceSpans') },
  '/v1/metrics': { 1: many('resourceMetrics', 'ResourceMetrics') },
  '/v1/logs': { 1: many('resourceLogs', 'ResourceLogs') },
  ResourceSpans: { 1: one('resource', 'Resource'), 2: many('scopeSpans', 'ScopeSpans') },
  ResourceMetrics: { 1: one('resource', 'Resource'), 2: many('scopeMetrics', 'ScopeMetrics') },
  ResourceLogs: { 1: one('resource', 'Resource'), 2: many('scopeLogs', 'ScopeLogs') },
  ScopeSpans: { 1: one('scope', 'Scope'), 2: many('spans', 'Span') },
  ScopeMetrics: { 1: one('scope', 'Scope'), 2: many('metrics', 'Metric') },
  ScopeLogs: { 1: one('scope', 'Scope'), 2: many('logRecords', 'LogRecord') },
  Resource: { 1: ATTRIBUTES },
  Scope: { 1: plain('name', 'text'), 2: plain('version', 'text') },
  Span: { 5: plain('name', 'text'), 6: plain('kind', 'integer'), 9: ATTRIBUTES },
  Metric: {
    1: plain('name', 'text'),
    3: plain('unit', 'text'),
    5: one('gauge', 'Points'),
    7: one('sum', 'Points'),
    9: one('histogram', 'HistogramPoints'),
  },
  Points: {
    1: many('dataPoints', 'Point'),
    2: plain('aggregationTemporality', 'integer'),
    3: plain('isMonotonic', 'bool'),
  },
  Point: { 4: plain('asDouble', 'double'), 6: plain('asInt', 'fixed64'), 7: ATTRIBUTES },
  HistogramPoints: { 1: many('dataPoints', 'HistogramPoint'), 2: plain('aggregationTemporality', 'integer') },
  HistogramPoint: { 4: plain('count', 'fixed64'), 9: ATTRIBUTES },
  LogRecord: {
    2: plain('severityNumber', 'integer'),
    3: plain('severityText', 'text'),
    5: one('body', 'AnyValue'),
    6: ATTRIBUTES,
    12: plain('eventName', 'text'),
  },
  KeyValue: { 1: plain('key', 'text'), 2: one('value', 'AnyValue') },
  AnyValue: {
    1: plain('stringValue', 'text'),
    2: plain('boolValue', 'bool'),
    3: plain('intValue', 'integer'),
    4: plain('doubleValue', 'double'),
    5: one('arrayValue', 'ArrayValue'),
  },
  ArrayValue: { 1: many('values', 'AnyValue') },
};

/** Tests look at all requests again with each new one, in the process that has to answer the next. */
const decodedBefore = new WeakMap<OtlpRequest, unknown>();

/** What was posted, whichever of the two encodings it came in. */
export function bodyOf(request: OtlpRequest): unknown {
  const body = request.json ?? decodedBefore.get(request) ?? decode(request.bytes, request.path);
  decodedBefore.set(request, body);
  return body;
}

function decode(bytes: Buffer, message: string): Record<string, unknown> {
  const fields = SCHEMA[message] ?? {};
  const decoded: Record<string, unknown> = {};
  let at = 0;

  function varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  /** The bytes of a field, whatever it means. */
  function raw(wireType: number): Buffer | number {
    if (wireType === 0) return varint();
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : varint();
    at += length;
    return bytes.subarray(at - length, at);
  }

  while (at < bytes.length) {
    const tag = varint();
    const found = raw(tag & 7);
    const field = fields[tag >>> 3];
    if (field === undefined) continue;
    const value = meaning(found, field.kind);
    decoded[field.name] = field.repeated ? [...((decoded[field.name] as unknown[] | undefined) ?? []), value] : value;
  }
  return decoded;
}

function meaning(found: Buffer | number, kind: Kind): unknown {
  if (typeof found === 'number') return kind === 'bool' ? found !== 0 : found;
  if (typeof kind === 'object') return decode(found, kind.message);
  if (kind === 'double') return found.readDoubleLE();
  return kind === 'fixed64' ? Number(found.readBigInt64LE()) : String(found);
}
