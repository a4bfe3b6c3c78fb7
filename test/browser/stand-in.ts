/** A server that answers as the sidecar's API does, with what a test tells it. Only for what cannot be had from real processes. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { ApiCache, ApiEvent, ApiPoint, ApiProcess, ApiStream } from '../../agent/sidecar/api/types.ts';
import { DEATH_CAUSES, DEATH_EVIDENCE, type Postmortem } from '../../agent/model/postmortem.ts';
import { assetsOf, PAGE_CSP } from '../../agent/sidecar/page/assets.ts';
import { buildPage } from '../../scripts/page.ts';

export interface StandIn {
  readonly url: string;
  processes: readonly ApiProcess[];
  caches: readonly ApiCache[];
  history: readonly ApiPoint[];
  postmortems: readonly Postmortem[];
  /** Every request must carry it. */
  token: string | undefined;
  /** Pathnames asked for, with method and query. */
  readonly asked: string[];
  events: readonly ApiEvent[];
  send<K extends keyof ApiStream>(event: K, data: ApiStream[K]): void;
  /** Ends all connections; `start` listens again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const POSTMORTEMS_A_PAGE = 20;

export async function startStandIn(): Promise<StandIn> {
  const { texts } = await buildPage();
  const assets = assetsOf(texts);
  const streams = new Set<ServerResponse>();
  let port = 0;

  const status = () => ({
    nowMs: Date.now(),
    processes: self.processes,
    deaths: DEATH_CAUSES.flatMap((cause) =>
      DEATH_EVIDENCE.map((evidence) => ({
        cause,
        evidence,
        count: self.postmortems.filter((death) => death.cause === cause && death.evidence === evidence).length,
      })),
    ),
  });
  const answers: Readonly<Record<string, () => unknown>> = {
    '/api/v1/memory/status': status,
    '/api/v1/cache/stats': () => ({ caches: self.caches }),
    '/api/v1/memory/history': () => ({ next: null, points: self.history }),
  };

  /** The cursor is where the page begins. */
  function postmortemsFrom(cursor: string | null) {
    const start = Number(cursor);
    const end = start + POSTMORTEMS_A_PAGE;
    const next = end < self.postmortems.length ? String(end) : null;
    return { next, postmortems: self.postmortems.slice(start, end) };
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://any');
    self.asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const asset = assets.get(pathname);
    if (asset) {
      response.writeHead(200, { 'content-type': asset.type, 'content-security-policy': PAGE_CSP }).end(asset.body);
      return;
    }
    if (self.token !== undefined && request.headers.authorization !== `Bearer ${self.token}`) {
      response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"title":"A token is needed"}');
    } else if (pathname === '/api/v1/events' && request.headers.accept === 'application/json') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ next: null, events: self.events }));
    } else if (pathname === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: status\ndata: ${JSON.stringify(status())}\n\n`);
      streams.add(response);
      response.on('close', () => streams.delete(response));
    } else if (pathname === '/api/v1/postmortems') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(postmortemsFrom(searchParams.get('cursor'))));
    } else if (answers[pathname]) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[pathname]()));
    } else {
      response.writeHead(404).end();
    }
  }

  const server = createServer(answer);
  const self: StandIn = {
    get url() {
      return `http://127.0.0.1:${port}/`;
    },
    processes: [],
    caches: [],
    history: [],
    postmortems: [],
    token: undefined,
    asked: [],
    events: [],
    send(event, data) {
      const message = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      for (const stream of streams) stream.write(message);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    async start() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    },
  };
  await self.start();
  return self;
}
