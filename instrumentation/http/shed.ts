/**
 * `PLIMSOLL_SHED=http`: the HTTP servers of this process refuse requests, without a line of the application changed.
 *
 * No module is loaded and no prototype patched: Node.js itself tells of a server, by the channel `http.server.request.start` before it
 * emits a request of HTTP/1, and by `net.server.socket` of each new connection, which is how an HTTP/2 server is met. That server object
 * then gets an `emit` of its own, before all that instrumentations put into the prototypes. It decides on `request` alone: upgrades, CONNECT
 * and what an application does with `Expect` pass. A server that only listens to `stream` of HTTP/2 is left alone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';

import { OWN_SERVERS } from '../../agent/model/own-servers.ts';
import { createExemption } from './exempt.ts';
import { interceptEmit, type Emitter } from './intercept.ts';

export interface HttpSheddingParts {
  /** Paths that are never refused, those below them included. */
  readonly exempt: readonly string[];
  shouldShed(): boolean;
  retryAfterSeconds(): number;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const REQUEST_CHANNEL = 'http.server.request.start';
const CONNECTION_CHANNEL = 'net.server.socket';
const BODY = 'Overloaded: this process is short of memory. Please try again later.\n';

/** Answers what takes it off again. */
export function installHttpShedding({ exempt, shouldShed, retryAfterSeconds }: HttpSheddingParts): () => void {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  const isExempt = createExemption(exempt);
  const known = new WeakSet<Emitter>();
  /** Some applications emit a request again, at another server: it is decided upon once. */
  const decided = new WeakSet<object>();
  let isOn = true;

  function watch(server: unknown): void {
    if (!isEmitter(server) || known.has(server) || OWN_SERVERS.has(server)) return;
    known.add(server);
    interceptEmit(server, { event: 'request', take: refuse, isOn: () => isOn });
  }

  function refuse(request: unknown, response: unknown): boolean {
    if (!isRequest(request) || !isResponse(response) || decided.has(request)) return false;
    decided.add(request);
    if (response.headersSent || isExempt(request.url ?? '') || !shouldShed()) return false;
    answer(request, response, retryAfterSeconds());
    return true;
  }

  const onRequest = (message: unknown): void => watch((message as { readonly server?: unknown }).server);
  const onConnection = (message: unknown): void => {
    const { server } = (message as { readonly socket: Socket & { readonly server?: unknown } }).socket;
    if (isEmitter(server) && server.listenerCount('request') > 0) watch(server);
  };
  subscribe(REQUEST_CHANNEL, onRequest);
  subscribe(CONNECTION_CHANNEL, onConnection);
  return () => {
    unsubscribe(REQUEST_CHANNEL, onRequest);
    unsubscribe(CONNECTION_CHANNEL, onConnection);
    isOn = false;
  };
}

/**
 * The connection stays: a new one would cost more memory than this answer, and one that is closed in the middle of an upload may lose the
 * answer. Node.js reads the rest of an upload and forgets it.
 */
function answer(request: Request, response: Response, retryAfterSeconds: number): void {
  const one = response as ServerResponse; // what is called here is the same in both
  one.writeHead(503, {
    'retry-after': String(retryAfterSeconds),
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(BODY.length),
    'cache-control': 'no-store',
  });
  one.end(request.method === 'HEAD' ? undefined : BODY);
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === 'object' && value !== null && 'emit' in value && typeof value.emit === 'function';
}

function isRequest(value: unknown): value is Request {
  return typeof value === 'object' && value !== null && 'url' in value && 'method' in value;
}

/** Of an application's own making it may be, and then it is none of ours. */
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'writeHead' in value && 'headersSent' in value;
}
