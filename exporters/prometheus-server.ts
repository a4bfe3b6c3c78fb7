import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { Tier } from '../agent/model/metric.ts';
import { problem, type Problem } from '../agent/model/problem.ts';
import { COL } from '../agent/model/row.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { acceptsGzip, gzip } from './gzip.ts';
import { createPrometheusText, type PrometheusText } from './prometheus.ts';

/**
 * The metrics listener: GET and HEAD of /metrics, /healthz, /readyz. It holds no secret and asks for none, and takes any
 * Host. It lives in somebody else's process: it never keeps that alive, answers one request per connection, and cuts off
 * whoever is slow. What it cannot avoid: a subscriber of the diagnostics channel `http.server.request.start` sees its scrapes.
 */
export interface PrometheusServer {
  /**
   * Loads node:http (about 5 ms where the application has not) and listens. Never rejects. A Problem was already given to
   * `onProblem`; the server then tries the same address again every minute, quietly.
   */
  start(): Promise<Address | Problem>;
  /** Releases the port, every connection and every timer. May be called at any time, and twice. */
  close(): Promise<void>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface PrometheusServerOptions {
  /** Port 0: the kernel chooses. Host `::`: every address, IPv4 too. */
  readonly listen: Address;
  readonly tier: Tier;
  snapshot(): Snapshot;
  /** The clock of the row's `monotonicMs`. */
  monotonicMs(): number;
  /** Called once when the address cannot be had, not for each further attempt. */
  onProblem(found: Problem): void;
  /** Called each time it listens, at the start and when a taken port has become free; written as in PLIMSOLL_LISTEN. */
  onListening?(address: string): void;
}

/** A restart overlaps for a while: the old process still has the port. */
const RETRY_MS = 60_000;
/** Prometheus, two kubelet probes and a person fit in many times; a flood costs no more than this many sockets. */
const MAX_CONNECTIONS = 16;
/** A scrape takes milliseconds; whoever hangs or reads slower than this is cut off. */
const MAX_CONNECTION_SECONDS = 5;
const MAX_HEADER_BYTES = 8 * 1024;
const METHODS = 'GET, HEAD';
const PATHS_HINT = 'Not found. Try /metrics, /healthz or /readyz.\n';
const TEXT = 'text/plain; charset=utf-8';
const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

export function createPrometheusServer(options: PrometheusServerOptions): PrometheusServer {
  let server: Server | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let reported = false;

  async function listen(): Promise<Address | Problem> {
    const candidate = createServer(options);
    const outcome = await bind(candidate, options.listen);
    if (closed) {
      await closeServer(candidate);
      return listenProblem(options.listen, 'it was closed', 'Nothing is exported.');
    }
    if ('code' in outcome) return failed(outcome);
    server = candidate;
    reported = false;
    options.onListening?.(addressText(outcome));
    return outcome;
  }

  function failed(found: Problem): Problem {
    if (!reported) options.onProblem(found);
    reported = true;
    retryTimer = setTimeout(() => void listen(), RETRY_MS);
    retryTimer.unref();
    return found;
  }

  return {
    start: listen,
    async close() {
      closed = true;
      clearTimeout(retryTimer);
      if (server !== undefined) await closeServer(server);
      server = undefined;
    },
  };
}

function createServer(options: PrometheusServerOptions): Server {
  // not import(): in a CommonJS application that would load the ESM loader too, 40 ms measured against 5
  const http = process.getBuiltinModule('node:http');
  const text = createPrometheusText(options.tier);
  const server = http.createServer({ maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false }, (request, response) =>
    respond(request, response, safeAnswer(request, options, text)),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1; // what is pipelined behind it costs no serialization
  server.on('connection', limitConnection);
  // instrumentations patch http.Server.prototype.emit: without this every scrape is a span in the application's traces
  server.emit = (event, ...values: unknown[]) => EventEmitter.prototype.emit.call(server, event, ...values);
  return server;
}

/** Ticks, not one timer: a loop that was blocked for long catches up with one tick, and the scrape that waited is answered. */
function limitConnection(socket: Socket): void {
  socket.unref();
  let secondsLeft = MAX_CONNECTION_SECONDS;
  const ticks = setInterval(() => {
    if (--secondsLeft <= 0) socket.destroy();
  }, 1000);
  ticks.unref();
  socket.once('close', () => clearInterval(ticks));
}

function bind(server: Server, { host, port }: Address): Promise<Address | Problem> {
  return new Promise((resolve) => {
    const onError = (error: unknown): void => resolve(listenProblem({ host, port }, reasonOf(error), NOW));
    if (!mayUseNetwork()) return onError(new Error('the permission model allows no network (--allow-net)'));
    server.once('error', onError);
    // Left out, Node takes `::` where the machine has IPv6 and 0.0.0.0 where it has not. Exclusive: workers of a cluster
    // would share the port, and each scrape would land on a random one.
    const where = host === '::' ? { port, exclusive: true } : { host, port, exclusive: true };
    server.once('listening', () => {
      server.off('error', onError);
      server.on('error', () => {}); // a failing accept (EMFILE): the next one may succeed
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
    try {
      server.listen(where).unref();
    } catch (error) {
      onError(error);
    }
  });
}

/** Node.js throws the denial (from 25 on) out of a later turn, where it would end the application. */
function mayUseNetwork(): boolean {
  // undefined without --permission, whatever its type says
  const permission = process.permission as typeof process.permission | undefined;
  if (permission === undefined || !process.allowedNodeEnvironmentFlags.has('--allow-net')) return true;
  return permission.has('net');
}

const NOW = 'Nothing is exported, sensing goes on; it is tried again every minute.';

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'the port is taken (EADDRINUSE)';
  if (code === 'EADDRNOTAVAIL') return 'the address is not one of this machine (EADDRNOTAVAIL)';
  if (code === 'EACCES') return 'the port needs privileges (EACCES)';
  return message;
}

function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listenProblem(address: Address, reason: string, now: string): Problem {
  return problem(
    'PLM_LISTEN_FAILED',
    `PLIMSOLL_LISTEN is ${addressText(address)}: ${reason}. Must be a free port of a local address, its own for each process; port 0 is any. ${now}`,
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // calls back with an error when it never listened, which is as closed as can be
    server.closeAllConnections();
  });
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body: string;
}

function respond(request: IncomingMessage, response: ServerResponse, { status, headers, type, body }: Answer): void {
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

function safeAnswer(request: IncomingMessage, options: PrometheusServerOptions, text: PrometheusText): Answer {
  try {
    return answerTo(request, options, text);
  } catch (error) {
    return { status: 500, body: `${String(error)}\n` };
  }
}

function answerTo(request: IncomingMessage, options: PrometheusServerOptions, text: PrometheusText): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, headers: { Allow: METHODS }, body: `Only ${METHODS}.\n` };
  }
  switch (pathOf(request)) {
    case '/metrics':
      return { status: 200, type: PROMETHEUS_TEXT, body: text(options.snapshot()) };
    case '/healthz':
      return { status: 200, body: 'ok\n' };
    case '/readyz':
      return readiness(options);
    default:
      return { status: 404, body: PATHS_HINT };
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

/** Ready: there is a sample, and it is not older than three times what the agent meant to wait for the next. */
function readiness(options: PrometheusServerOptions): Answer {
  const { row } = options.snapshot();
  const nowMs = options.monotonicMs();
  const ageMs = nowMs - (row[COL.monotonicMs] ?? Number.NaN);
  if (ageMs <= 3000 * (row[COL.agentIntervalSeconds] ?? Number.NaN)) return { status: 200, body: 'ok\n' };
  const body = Number.isNaN(ageMs) ? 'no sample yet\n' : `the newest sample is ${Math.round(ageMs)} ms old\n`;
  return { status: 503, body };
}
