/** `handler()`: the memory and cache routes of this process, mounted in the application's own server. It never throws into it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { findAgent } from '../../agent/model/handle.ts';
import { whyOf } from '../../agent/model/problem.ts';
import { failed, Refusal, type Answer } from './answer.ts';
import { ROUTES, type Route } from './routes.ts';

export interface HandlerOptions {
  /** Whether the routes that change something may answer: with `authorize` only. Default: they answer 403. */
  readonly write?: boolean;
  /** Asked for each request to one of the routes: only `true` lets it through. Default: who reaches the server may read, nobody may write. */
  readonly authorize?: (request: IncomingMessage, access: 'read' | 'write') => boolean | Promise<boolean>;
}

/** Answers whether the request was one of ours, and is being answered; where it was not, `next` is called. */
export type MountedHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => boolean;

interface Wanted {
  readonly routes: readonly Route[];
  readonly path: string;
  readonly query: URLSearchParams;
}

export function handler(options: HandlerOptions = {}): MountedHandler {
  return (request, response, next) => {
    const wanted = wantedOf(request.url ?? '');
    if (wanted === undefined) {
      next?.();
      return false;
    }
    answerOf(wanted, request, options).then(
      (answer) => send(answer, request, response),
      (error: unknown) => send(answerOfError(error), request, response),
    );
    return true;
  };
}

function wantedOf(url: string): Wanted | undefined {
  const [, path, search = ''] = /^\/api(?:\/v1)?\/([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  if (path === undefined) return undefined;
  const routes = ROUTES.filter((route) => route.path.test(path));
  return routes.length === 0 ? undefined : { routes, path, query: new URLSearchParams(search) };
}

async function answerOf({ routes, path, query }: Wanted, request: IncomingMessage, options: HandlerOptions) {
  const { method: given = '' } = request;
  const method = given === 'HEAD' ? 'GET' : given;
  const route = routes.find((one) => one.method === method);
  if (isForeign(request)) {
    return failed(403, 'PLM_HTTP_ORIGIN', 'The request comes from a page of another origin. Nothing is done.');
  }
  if (route === undefined) {
    const allow = routes.map((one) => one.method).join(', ');
    const answer = failed(405, 'PLM_HTTP_METHOD', `${given} is not a method of this route, must be ${allow}.`);
    return { ...answer, headers: { ...answer.headers, allow } };
  }
  const refused = await refusal(route, request, options);
  if (refused !== undefined) return refused;
  const name = decoded(route.path.exec(path)?.groups?.['name'] ?? '');
  return await route.answer({ agent: findAgent(), name, query, accept: request.headers.accept ?? '' });
}

async function refusal(
  { method }: Route,
  request: IncomingMessage,
  { write = false, authorize }: HandlerOptions,
): Promise<Answer | undefined> {
  const access = method === 'GET' ? 'read' : 'write';
  if (access === 'write' && (!write || authorize === undefined)) {
    const repair = 'Must be allowed by handler({ write: true, authorize })';
    return failed(403, 'PLM_HTTP_WRITE_OFF', `This route changes something. ${repair}. Nothing is done.`);
  }
  if (authorize === undefined) return undefined;
  const answer: unknown = await Promise.resolve(request)
    .then((it) => authorize(it, access))
    .catch(() => false);
  if (answer === true) return undefined;
  return failed(403, 'PLM_HTTP_REFUSED', 'authorize() of the application refused it. Nothing is done.');
}

/** Browsers send an Origin with whatever a page does to another place, and with each write. */
function isForeign({ headers }: IncomingMessage): boolean {
  const { origin } = headers;
  if (origin === undefined || headers['sec-fetch-site'] === 'same-origin') return false;
  const host = headers.host ?? headers[':authority'];
  try {
    const { protocol, host: from } = new URL(origin);
    return from !== new URL(`${protocol}//${String(host)}`).host;
  } catch {
    return true;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function answerOfError(error: unknown): Answer {
  if (error instanceof Refusal) return error.answer;
  return failed(500, 'PLM_AGENT_FAILED', whyOf(error));
}

function send({ status, headers, body }: Answer, request: IncomingMessage, response: ServerResponse): void {
  try {
    response.writeHead(status, { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (request.method === 'HEAD') response.end();
    else
      Readable.from(body)
        .on('error', () => response.destroy())
        .pipe(response);
  } catch {
    response.destroy(); // the application has answered already, or the connection is gone
  }
}
