/** Answers as HTTP has them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';

import type { PageAsset } from '../page/assets.ts';
import { PROBLEM_TYPE, problemText, Refusal } from './refusal.ts';
import type { Answer } from './route.ts';

export interface Env {
  readonly Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
}

export function respond(answer: Answer, c: Context<Env>): Response {
  if ('json' in answer) return c.body(`${JSON.stringify(answer.json)}\n`, 200, { 'content-type': 'application/json' });
  const { incoming, outgoing } = c.env;
  const isHead = incoming.method === 'HEAD';
  if ('attach' in answer) {
    if (isHead) return c.body(null, 200, { 'content-type': 'text/event-stream' });
    answer.attach(outgoing);
    return RESPONSE_ALREADY_SENT;
  }
  const headers = { 'content-type': answer.type, ...answer.headers };
  const pieces = answer.pieces instanceof Readable ? answer.pieces : Readable.from(answer.pieces, { highWaterMark: 1 });
  if (isHead) {
    pieces.destroy();
    return c.body(null, 200, headers);
  }
  outgoing.writeHead(200, headers);
  // whoever asked has gone, or what was read is gone: the connection ends before the answer does, which shows
  pipeline(pieces, outgoing).catch(() => outgoing.destroy());
  return RESPONSE_ALREADY_SENT;
}

export function respondAsset({ body, type, cacheControl }: PageAsset, c: Context<Env>): Response {
  const headers = { 'content-type': type, ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }) };
  return c.body(typeof body === 'string' ? body : new Uint8Array(body), 200, headers);
}

export function respondProblem(refusal: Refusal, c: Context<Env>): Response {
  return c.body(problemText(refusal), refusal.status, { 'content-type': PROBLEM_TYPE, ...refusal.headers });
}

export function refuseMethod(c: Context<Env>, allowed: string): never {
  const given = JSON.stringify(c.req.method.slice(0, 20));
  const detail = `${given} is not a method of this route, must be ${allowed}. Nothing is done.`;
  throw new Refusal(405, 'PLM_API_METHOD', detail, { allow: allowed });
}
