/** The routes as a hono application: who may, what was asked, the answer, and a problem document for all that goes wrong. */
import type { ServerResponse } from 'node:http';

import type { Context } from 'hono';
import { Hono } from 'hono/tiny';

import type { PageAsset } from '../page/assets.ts';
import { readJson } from './body.ts';
import type { Gate } from './gate.ts';
import { readBody, readQuery } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { refuseMethod, respond, respondAsset, respondProblem, type Env } from './respond.ts';
import type { ApiWorld, Route } from './route.ts';

export interface AppParts {
  readonly routes: readonly Route[];
  readonly world: ApiWorld;
  readonly gate: Gate;
  /** Path → file. */
  readonly page: ReadonlyMap<string, PageAsset>;
  /** The document of /openapi.json. */
  openApi(): string;
  /** A mistake of ours: who asked is not told what it was. */
  onFailure(error: unknown): void;
}

/** Beside the streams of events. Answers that nobody reads would otherwise add up. */
const MOST_ANSWERS = 32;
const PREFIXES = ['/api/v1', '/api'];

export function createApp({ routes, world, gate, page, openApi, onFailure }: AppParts): Hono<Env> {
  const app = new Hono<Env>();
  const occupy = createPlaces(MOST_ANSWERS);

  app.use(async ({ env }, next) => {
    gate.enter(env.incoming);
    await next();
  });
  for (const [path, asset] of page) {
    app.get(path, (c) => respondAsset(asset, c));
    app.all(path, (c) => refuseMethod(c, 'GET'));
  }
  app.use(async ({ env }, next) => {
    gate.authorize(env.incoming);
    await next();
  });
  app.get('/openapi.json', (c) => c.body(openApi(), 200, { 'content-type': 'application/json' }));
  app.all('/openapi.json', (c) => refuseMethod(c, 'GET'));
  for (const path of new Set(routes.map((each) => each.path))) {
    const here = routes.filter((each) => each.path === path);
    const paths = PREFIXES.map((prefix) => prefix + path);
    for (const each of here) app.on(each.method, paths, async (c) => await answerBy(each, c));
    for (const each of paths) app.all(each, (c) => refuseMethod(c, here.map(({ method }) => method).join(', ')));
  }

  async function answerBy(route: Route, c: Context<Env>): Promise<Response> {
    gate.allow(route.access);
    const { incoming, outgoing } = c.env;
    const query = readQuery(route.query, new URL(c.req.url).searchParams);
    const body = route.body === undefined ? {} : readBody(route.body, await readJson(incoming));
    const [name = ''] = Object.values(c.req.param());
    const { accept = '' } = incoming.headers;
    if (route.isStream?.(accept) !== true) occupy(outgoing);
    return respond(await route.answer({ query, body, name, accept }, world), c);
  }

  app.notFound((c) => {
    const detail = 'There is no such route; GET /openapi.json lists those there are.';
    return respondProblem(new Refusal(404, 'PLM_API_NOT_FOUND', detail), c);
  });
  app.onError((error, c) => {
    if (error instanceof Refusal) return respondProblem(error, c);
    onFailure(error);
    const detail = 'It failed; the sidecar has told why on its stderr.';
    return respondProblem(new Refusal(500, 'PLM_API_FAILED', detail), c);
  });
  return app;
}

/** An answer has its place until it was read, or given up. */
function createPlaces(most: number): (response: ServerResponse) => void {
  let taken = 0;
  return (response) => {
    if (response.destroyed) return; // gone meanwhile: it closes no second time
    if (taken >= most) {
      const detail = `${most} answers are being written, which is as many as there can be. Try again.`;
      throw new Refusal(503, 'PLM_API_BUSY', detail, { 'retry-after': '1' });
    }
    taken += 1;
    response.once('close', () => {
      taken -= 1;
    });
  };
}
