import type { IncomingMessage, ServerResponse } from 'node:http';

import { COL } from '../agent/model/row.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { acceptsGzip, gzip } from './gzip.ts';

/** What the metrics listener answers. */
export interface AnswerParts {
  /** The text of /metrics; at once when no other process has to be asked. undefined: it is not asked for here. */
  readonly metrics: (() => string | Promise<string>) | undefined;
  /** Why it is not ready; undefined: it is. */
  notReady(): string | undefined;
}

const METHODS = 'GET, HEAD';
const PATHS_HINT = 'Not found. Try /metrics, /healthz or /readyz.\n';
const NOT_SCRAPED = 'Metrics leave another way, or not at all: see PLIMSOLL_EXPORTER and OTEL_METRICS_EXPORTER.\n';
const TEXT = 'text/plain; charset=utf-8';
const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body: string;
}

/** Never throws. In the same turn where it can: a request with a body is answered before its body is refused. */
export function respond(request: IncomingMessage, response: ServerResponse, parts: AnswerParts): void {
  try {
    const answer = answerTo(request, parts);
    if (!(answer instanceof Promise)) return send(request, response, answer);
    void answer.catch(failure).then((late) => send(request, response, late));
  } catch (error) {
    send(request, response, failure(error));
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, type, body }: Answer): void {
  const zipped = acceptsGzip(request.headers['accept-encoding']) ? gzip(body) : undefined;
  const bytes = zipped ?? Buffer.from(body);
  response.writeHead(status, {
    ...headers,
    Connection: 'close', // nothing idle to hold, and no race with a scraper that would reuse it
    'Content-Type': type ?? TEXT,
    ...(zipped === undefined ? {} : { 'Content-Encoding': 'gzip' }),
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

function failure(error: unknown): Answer {
  return { status: 500, body: `${String(error)}\n` };
}

function answerTo(request: IncomingMessage, parts: AnswerParts): Answer | Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, headers: { Allow: METHODS }, body: `Only ${METHODS}.\n` };
  }
  switch (pathOf(request)) {
    case '/metrics':
      return parts.metrics === undefined ? { status: 404, body: NOT_SCRAPED } : metrics(parts.metrics());
    case '/healthz':
      return { status: 200, body: 'ok\n' };
    case '/readyz':
      return readiness(parts.notReady());
    default:
      return { status: 404, body: PATHS_HINT };
  }
}

function metrics(text: string | Promise<string>): Answer | Promise<Answer> {
  if (typeof text !== 'string') return text.then(metrics);
  return { status: 200, type: PROMETHEUS_TEXT, body: text };
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function readiness(why: string | undefined): Answer {
  return why === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${why}\n` };
}

/** Ready: there is a sample, and it is not older than three times what the agent meant to wait for the next. */
export function whySampleIsOld({ row }: Snapshot, nowMonotonicMs: number): string | undefined {
  const ageMs = nowMonotonicMs - (row[COL.monotonicMs] ?? Number.NaN);
  if (ageMs <= 3000 * (row[COL.agentIntervalSeconds] ?? Number.NaN)) return undefined;
  return Number.isNaN(ageMs) ? 'no sample yet' : `the newest sample is ${Math.round(ageMs)} ms old`;
}
