import { parseAttributes } from './parse.ts';
import type { Environment } from './read.ts';
import type { OtlpSettings, OtlpTarget, OtlpTemporality } from '../model/otlp.ts';
import { problem, type Problem } from '../model/problem.ts';

export interface OtlpConfiguration {
  readonly settings: OtlpSettings;
  /** What `auto` exports by when the application has no MeterProvider of its own. */
  readonly fallback: 'otlp' | 'prometheus';
}

type Signal = 'METRICS' | 'LOGS';
type Setting =
  | 'ENDPOINT'
  | 'HEADERS'
  | 'TIMEOUT'
  | 'COMPRESSION'
  | 'CERTIFICATE'
  | 'CLIENT_CERTIFICATE'
  | 'CLIENT_KEY'
  | 'PROTOCOL';

interface Given {
  readonly name: string;
  readonly text: string;
}

const DEFAULT_ENDPOINT = 'http://localhost:4318';
const GRPC_PORT = '4317';
/** A request that takes longer than this is not worth waiting for. */
const MAX_TIMEOUT_MS = 600_000;
const DAY_MS = 86_400_000;

/** As the specification has it: the variable of the signal, then the general one, then the default; an empty one is not set. */
export function readOtlp(env: Environment): OtlpConfiguration {
  const problems: Problem[] = [];
  const metrics = readTarget(env, 'METRICS', problems);
  const logs = sendsLogs(env) ? readTarget(env, 'LOGS', problems) : undefined;
  return {
    fallback: isAskedFor(env) ? 'otlp' : 'prometheus',
    settings: {
      metrics,
      logs,
      temporality: readTemporality(env, problems),
      intervalMs: readMs(lookUp(env, 'OTEL_METRIC_EXPORT_INTERVAL'), 100, DAY_MS, 60_000, problems),
      problems: distinct(problems),
    },
  };
}

/** The first of OTEL_METRICS_EXPORTER's list that Plimsoll has. */
export function namedMetricsExporter(env: Environment): 'otlp' | 'prometheus' | 'none' | undefined {
  const names = listOf(env['OTEL_METRICS_EXPORTER']);
  return (['otlp', 'prometheus', 'none'] as const)
    .filter((name) => names.includes(name))
    .toSorted((a, b) => names.indexOf(a) - names.indexOf(b))[0];
}

function isAskedFor(env: Environment): boolean {
  const named = namedMetricsExporter(env);
  return named === undefined ? given(env, 'METRICS', 'ENDPOINT') !== undefined : named === 'otlp';
}

/** Where only metrics have an endpoint, the default one would most often be a collector that is not there. */
function sendsLogs(env: Environment): boolean {
  const names = listOf(env['OTEL_LOGS_EXPORTER']);
  if (names.length > 0) return names.includes('otlp');
  return given(env, 'LOGS', 'ENDPOINT') !== undefined || given(env, 'METRICS', 'ENDPOINT') === undefined;
}

function readTarget(env: Environment, signal: Signal, problems: Problem[]): OtlpTarget | undefined {
  const endpoint = given(env, signal, 'ENDPOINT');
  const protocol = readProtocol(given(env, signal, 'PROTOCOL'), endpoint, problems);
  if (protocol === 'grpc') {
    problems.push(grpc(signal, endpoint));
    return undefined;
  }
  return {
    url: readUrl(signal, endpoint, problems),
    protocol,
    headers: {
      ...readHeaders(lookUp(env, 'OTEL_EXPORTER_OTLP_HEADERS'), problems),
      ...readHeaders(lookUp(env, `OTEL_EXPORTER_OTLP_${signal}_HEADERS`), problems),
    },
    timeoutMs: readMs(given(env, signal, 'TIMEOUT'), 1, MAX_TIMEOUT_MS, 10_000, problems),
    compression: readChoice(given(env, signal, 'COMPRESSION'), ['none', 'gzip'], 'none', problems),
    certificatePath: given(env, signal, 'CERTIFICATE')?.text,
    clientCertificatePath: given(env, signal, 'CLIENT_CERTIFICATE')?.text,
    clientKeyPath: given(env, signal, 'CLIENT_KEY')?.text,
  };
}

function readProtocol(named: Given | undefined, endpoint: Given | undefined, problems: Problem[]) {
  const assumed = hasGrpcPort(endpoint) ? 'grpc' : 'http/protobuf';
  return readChoice(named, ['http/protobuf', 'http/json', 'grpc'], assumed, problems);
}

/** Of gRPC, so an endpoint without a scheme has it too. */
function hasGrpcPort(endpoint: Given | undefined): boolean {
  return endpoint !== undefined && withScheme(endpoint.text)?.port === GRPC_PORT;
}

function withScheme(text: string): URL | undefined {
  return parseUrl(text.includes('://') ? text : `http://${text}`);
}

/** The endpoint of a signal is taken as it is; to the general one the signal's path is added. */
function readUrl(signal: Signal, endpoint: Given | undefined, problems: Problem[]): URL {
  const url = endpoint === undefined ? undefined : parseUrl(endpoint.text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (endpoint !== undefined && !isHttp) {
    const shown = { ...endpoint, text: withoutCredentials(endpoint.text) };
    problems.push(invalid(shown, 'a URL that begins with http:// or https://', DEFAULT_ENDPOINT));
  }
  const base = url !== undefined && isHttp ? url : new URL(DEFAULT_ENDPOINT);
  if (base === url && endpoint?.name !== 'OTEL_EXPORTER_OTLP_ENDPOINT') return base;
  const whole = new URL(base);
  whole.pathname = `${base.pathname.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`;
  return whole;
}

/** `key=value,key=value`, percent-encoded. What stands in it is secret and never shown. */
function readHeaders(found: Given | undefined, problems: Problem[]): Record<string, string> {
  if (found === undefined) return {};
  const headers = Object.entries(parseAttributes(found.text) ?? { '': '' });
  if (headers.every(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)))
    return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  problems.push(
    problem(
      'PLM_OPTION_INVALID',
      `${found.name} is not a list of name=value pairs of HTTP headers with percent-encoded values. Using none of it.`,
    ),
  );
  return {};
}

function readTemporality(env: Environment, problems: Problem[]): OtlpTemporality {
  const found = lookUp(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
  return readChoice(found, ['cumulative', 'delta', 'lowmemory'], 'cumulative', problems);
}

function readMs(found: Given | undefined, min: number, max: number, fallback: number, problems: Problem[]): number {
  if (found === undefined) return fallback;
  const ms = /^\d+$/.test(found.text) ? Number(found.text) : Number.NaN;
  if (ms >= min && ms <= max) return ms;
  problems.push(invalid(found, `a whole number of milliseconds from ${min} to ${max}`, String(fallback)));
  return fallback;
}

function readChoice<T extends string>(
  found: Given | undefined,
  values: readonly T[],
  fallback: T,
  problems: Problem[],
): T {
  if (found === undefined) return fallback;
  const value = values.find((known) => known === found.text.toLowerCase());
  if (value === undefined) problems.push(invalid(found, `one of ${values.join(', ')}`, fallback));
  return value ?? fallback;
}

function grpc(signal: Signal, endpoint: Given | undefined): Problem {
  const url = (endpoint === undefined ? undefined : withScheme(endpoint.text)) ?? new URL(DEFAULT_ENDPOINT);
  const host = url.port === GRPC_PORT || url.port === '' ? `${url.hostname}:4318` : url.host;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const prefix = `OTEL_EXPORTER_OTLP_${signal}`;
  const instead =
    signal === 'METRICS' ? 'Using the Prometheus endpoint.' : 'Events are not sent (OTEL_LOGS_EXPORTER=none says so).';
  return problem(
    'PLM_OTLP_GRPC',
    `OTLP over gRPC is asked for ${signal.toLowerCase()}, must be OTLP over HTTP, port 4318 of a collector: set ${prefix}_PROTOCOL=http/protobuf and ${prefix}_ENDPOINT=${scheme}://${host}/v1/${signal.toLowerCase()}. ${instead}`,
  );
}

function given(env: Environment, signal: Signal, setting: Setting): Given | undefined {
  return lookUp(env, `OTEL_EXPORTER_OTLP_${signal}_${setting}`) ?? lookUp(env, `OTEL_EXPORTER_OTLP_${setting}`);
}

function lookUp(env: Environment, name: string): Given | undefined {
  const text = env[name]?.trim() ?? '';
  return text === '' ? undefined : { name, text };
}

function listOf(text = ''): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function withoutCredentials(text: string): string {
  return text.replace(/^(.*\/\/)?[^/]*@/, '$1…@');
}

function invalid({ name, text }: Given, allowed: string, used: string): Problem {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return problem('PLM_OPTION_INVALID', `${name} is ${JSON.stringify(shown)}, must be ${allowed}. Using ${used}.`);
}

/** Both signals read the general variables. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((found) => [found.message, found])).values()];
}
