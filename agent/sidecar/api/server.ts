/** The HTTP server under the API: what it takes at most, how long it waits, and what every answer carries. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { PAGE_CSP } from '../page/assets.ts';
import { PROBLEM_TYPE, problemText, Refusal } from './refusal.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface Bound {
  readonly url: string;
}

/** `isTaken`: another program has the port. */
export interface NotBound {
  readonly reason: string;
  readonly isTaken: boolean;
}

export interface ApiServer {
  /** Never rejects. May be called again where it failed. */
  listen(where: ListenAddress): Promise<Bound | NotBound>;
  close(): Promise<void>;
}

const MOST_SOCKETS = 256;
const MOST_HEADER_BYTES = 8 * 1024;
const MOST_REQUESTS_PER_SOCKET = 1000;
/** Nothing was read and nothing could be written for so long; a heap snapshot may take a minute before there is an answer. */
const SILENT_SOCKET_MS = 65_000;
const IDLE_SOCKET_MS = 5_000;

/** How long somebody may take to say what he wants. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly lookEachMs: number;
}
const PATIENCE: Patience = { headersMs: 5_000, requestMs: 10_000, lookEachMs: 1_000 };

/** No answer may be kept, framed, read by another origin, or taken for something else; nothing is loaded from elsewhere. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': PAGE_CSP,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** `load`: what answers; asked for with the first request. */
export function createApiServer(load: () => Promise<RequestListener>, patience = PATIENCE): ApiServer {
  let answering: Promise<RequestListener> | undefined;
  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: IDLE_SOCKET_MS,
      connectionsCheckingInterval: patience.lookEachMs,
    },
    (request, response) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      answering ??= load();
      answering.then((answer) => answer(request, response)).catch(() => response.destroy());
    },
  );
  server.maxConnections = MOST_SOCKETS;
  server.maxRequestsPerSocket = MOST_REQUESTS_PER_SOCKET;
  server.timeout = SILENT_SOCKET_MS;
  server.on('clientError', refuseUnread);
  return { listen: (where) => listen(server, where), close: () => close(server) };
}

/** What Node.js did not take for a request. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const text = problemText(refusal);
  const { status } = refusal;
  const { title } = JSON.parse(text) as { title: string };
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal(431, 'PLM_API_TOO_LONG', `Target and headers are longer than ${MOST_HEADER_BYTES} bytes.`);
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Refusal(408, 'PLM_API_REQUEST', 'The request was not whole in time.');
  }
  return new Refusal(400, 'PLM_API_REQUEST', 'The request is not HTTP as it must be.');
}

function listen(server: Server, { host, port }: ListenAddress): Promise<Bound | NotBound> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      resolve({ reason: error.message, isTaken: error.code === 'EADDRINUSE' });
    };
    const onListening = (): void => {
      server.off('error', onError);
      server.on('error', () => {}); // a failing accept (EMFILE): the next one may succeed
      const { address, port: bound } = server.address() as AddressInfo;
      resolve({ url: `http://${urlHost(address)}:${bound}/` });
    };
    server.once('error', onError).once('listening', onListening);
    try {
      server.listen({ host, port, exclusive: true });
    } catch (error) {
      server.off('error', onError);
      onError(error as NodeJS.ErrnoException);
    }
  });
}

/** An address that stands for all cannot be asked. */
function urlHost(address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // calls back with an error when it never listened, which is as closed as can be
    server.closeAllConnections();
  });
}
