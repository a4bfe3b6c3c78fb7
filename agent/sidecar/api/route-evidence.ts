/** Of ROUTES: what happens, and what is left of those that died. */
import { listCaptures, readCapture } from './captures.ts';
import { cursor, limit, pageOf } from './paging.ts';
import { Refusal } from './refusal.ts';
import { route, type Route } from './route.ts';
import type { ApiCaptures, ApiPostmortems } from './types.ts';

export const EVIDENCE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/events',
    access: 'read',
    summary:
      'Server-sent events: one `status` first and whenever a process begins, ends or is blocked, `samples` once a second, each `event`, each `postmortem`. At most 64 streams.',
    query: {},
    types: ['text/event-stream'],
    isStream: true,
    statuses: [503],
    answer: (_asked, { streams }) => streams,
  }),
  route({
    method: 'GET',
    path: '/postmortems',
    access: 'read',
    summary: 'How processes of this folder died, newest first.',
    query: { limit: limit(20), cursor },
    answers: 'Postmortems',
    answer: ({ query }, { fleet }) => {
      const sorted = fleet.postmortems().toSorted((a, b) => b.foundMs - a.foundMs);
      const { entries, next } = pageOf(sorted, ({ foundMs }) => foundMs, true, query.cursor, query.limit);
      const page: ApiPostmortems = { postmortems: entries, next };
      return { json: page };
    },
  }),
  route({
    method: 'GET',
    path: '/postmortems/:instance',
    access: 'read',
    summary: 'How this process died.',
    query: {},
    answers: 'Postmortem',
    statuses: [404],
    answer: ({ name }, { fleet }) => {
      const found = fleet.postmortems().find(({ instance }) => instance === name);
      if (found !== undefined) return { json: found };
      const known = 'GET /api/v1/postmortems lists those there are';
      throw new Refusal(404, 'PLM_API_NOT_FOUND', `There is no post-mortem of this instance; ${known}.`);
    },
  }),
  route({
    method: 'GET',
    path: '/captures',
    access: 'secret',
    summary: 'What was captured at critical or by hand, newest first.',
    query: { limit: limit(100), cursor },
    answers: 'Captures',
    statuses: [503],
    answer: async ({ query }, { dataDirectory }) => {
      const captures = await listCaptures(dataDirectory);
      const { entries, next } = pageOf(captures, ({ wallMs }) => wallMs, true, query.cursor, query.limit);
      const page: ApiCaptures = { captures: entries, next };
      return { json: page };
    },
  }),
  route({
    method: 'GET',
    path: '/captures/:id',
    access: 'secret',
    summary: 'The capture itself. A heap snapshot holds whatever the application held.',
    query: {},
    types: ['application/json', 'application/octet-stream'],
    statuses: [404, 503],
    answer: ({ name }, { dataDirectory }) => readCapture(dataDirectory, name),
  }),
];
