/**
 * What answers the requests. Loaded with the first of them: hono needs `Request` and `Response`, which Node.js takes from undici, 13 MB that a
 * sidecar whose page nobody opens does without.
 */
import type { RequestListener } from 'node:http';

import { getRequestListener } from '@hono/node-server';

import { createApp, type AppParts } from './app.ts';
import { PROBLEM_TYPE, problemText, Refusal } from './refusal.ts';
import { ROUTES } from './routes.ts';

export function createApiListener(parts: Omit<AppParts, 'routes'>): RequestListener {
  const app = createApp({ ...parts, routes: ROUTES });
  const answer = getRequestListener(async (request, env) => await app.fetch(request, env), {
    overrideGlobalObjects: false,
    // what cannot be made a URL never gets to the routes
    errorHandler: () => problemResponse(new Refusal(400, 'PLM_API_REQUEST', 'The request is not HTTP as it must be.')),
  });
  return (request, response) => {
    answer(request, response).catch(() => response.destroy());
  };
}

function problemResponse(refusal: Refusal): Response {
  return new Response(problemText(refusal), { status: refusal.status, headers: { 'content-type': PROBLEM_TYPE } });
}
