import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { ExporterClock } from '../agent/model/exporter.ts';
import { mayUseNetwork } from '../agent/model/network-permission.ts';
import { OWN_SERVERS } from '../agent/model/own-servers.ts';
import { listenUnseen } from './listen-unseen.ts';
import { pathOf, respond, type AnswerParts } from './prometheus-answers.ts';
import { SIBLING_PATH, SIBLING_UPGRADE } from './siblings-protocol.ts';

/** The HTTP server of the metrics listener: one request per connection, whoever is slow is cut off, nothing keeps the process. */
export interface ListenerParts extends AnswerParts {
  readonly setTimer: ExporterClock['setTimer'];
  /** undefined: nobody else's numbers are taken in here. */
  readonly siblings: ListenerSiblings | undefined;
}

export interface ListenerSiblings {
  /** A process of the same machine wants its numbers to be served here. */
  admit(socket: Socket, head: string): void;
  /** Whether the connection is one of those, which stay. */
  has(socket: Socket): boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Why an address cannot be had; `isTaken`: another program has it. */
export interface NotBound {
  readonly reason: string;
  readonly isTaken: boolean;
}

/** Prometheus, two kubelet probes and a person fit in many times; a flood costs no more than this many sockets. */
const MAX_CONNECTIONS = 16;
/** A scrape takes milliseconds; whoever hangs or reads slower than this is cut off. */
const MAX_CONNECTION_SECONDS = 5;
const MAX_HEADER_BYTES = 8 * 1024;

export function createListener(parts: ListenerParts): Server {
  // not import(): in a CommonJS application that would load the ESM loader too, 40 ms measured against 5
  const http = process.getBuiltinModule('node:http');
  const server = http.createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false },
    (request, response) => {
      respond(request, response, parts);
    },
  );
  OWN_SERVERS.add(server);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1; // what is pipelined behind it costs no serialization
  server.on('connection', (socket: Socket) => limitConnection(socket, parts));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {}); // 'close' follows
    const { siblings } = parts;
    if (siblings === undefined || !isSiblingRequest(request))
      return answerAnyway(new http.ServerResponse(request), socket);
    try {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${SIBLING_UPGRADE}\r\n\r\n`);
      siblings.admit(socket, String(head));
    } catch {
      socket.destroy();
    }
  });

  /** As if nobody listened for upgrades (RFC 9110, section 7.8): some clients offer h2c with each request. */
  function answerAnyway(response: ServerResponse, socket: Socket): void {
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    respond(response.req, response, parts);
  }

  // instrumentations patch http.Server.prototype.emit: without this every scrape is a span in the application's traces
  server.emit = (event, ...values: unknown[]) => EventEmitter.prototype.emit.call(server, event, ...values);
  return server;
}

/** Siblings stay connected; they take no room from the scrapers. */
export function allowSiblings(server: Server, count: number): void {
  server.maxConnections = MAX_CONNECTIONS + count;
}

/** Of this machine: by loopback, or by an address that both ends have. */
function isSiblingRequest(request: IncomingMessage): boolean {
  const { remoteAddress = '', localAddress } = request.socket;
  if (request.method !== 'GET' || pathOf(request) !== SIBLING_PATH) return false;
  if (request.headers.upgrade?.toLowerCase() !== SIBLING_UPGRADE) return false;
  return /^(::ffff:)?127\.|^::1$/.test(remoteAddress) || remoteAddress === localAddress;
}

/** Ticks, not one timer: a loop that was blocked for long catches up with one tick, and the scrape that waited is answered. */
function limitConnection(socket: Socket, { setTimer, siblings }: ListenerParts): void {
  socket.unref();
  let secondsLeft = MAX_CONNECTION_SECONDS;
  const tick = (): void => {
    if (siblings?.has(socket) === true) return;
    secondsLeft -= 1;
    if (secondsLeft <= 0) socket.destroy();
    else cancel = setTimer(tick, 1000);
  };
  let cancel = setTimer(tick, 1000);
  socket.once('close', () => cancel());
}

export function bind(server: Server, { host, port }: Address): Promise<Address | NotBound> {
  return new Promise((resolve) => {
    const onError = (error: unknown): void => resolve(notBound(error));
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
      listenUnseen(server, where);
      server.unref();
    } catch (error) {
      onError(error);
    }
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // calls back with an error when it never listened, which is as closed as can be
    server.closeAllConnections();
  });
}

export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function notBound(error: unknown): NotBound {
  const { code, message } = error as NodeJS.ErrnoException;
  return { reason: REASONS[code ?? ''] ?? message, isTaken: code === 'EADDRINUSE' };
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken (EADDRINUSE)',
  EADDRNOTAVAIL: 'the address is not one of this machine (EADDRNOTAVAIL)',
  EACCES: 'the port needs privileges (EACCES)',
};
