/** Of ROUTES: what happens, and what is left of those that died. */
import { listCaptures, readCapture } from './captures.ts';
import { cursor, limit, pageOf } from './paging.ts';
import { moment } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { route, WHO, type Route } from './route.ts';
import type { ApiCaptures, ApiEvents, ApiPostmortems } from './types.ts';

const DAY_MS = 86_400_000;
const JSON_TYPE = 'application/json';

export const EVIDENCE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/events',
    access: 'read',
    summary:
      'Server-sent events: one `status` first and whenever a process begins, ends or is blocked, `samples` once a second, each `event`, each `postmortem`. At most 64 streams. With `Accept: application/json` the events of before, newest first, in pages; the query is of those.',
    query: {
      since: moment(DAY_MS, 'From when on; default 24h.'),
      instance: WHO.instance,
      limit: limit(100),
      cursor,
    },
    answers: 'Events',
    types: ['text/event-stream'],
    isStream: (accept) => !accept.includes(JSON_TYPE),
    statuses: [503],
    answer: ({ query, accept }, { fleet, clock, streams }) => {
      if (!accept.includes(JSON_TYPE)) return streams;
      const sinceMs = query.since.wallMs(clock.wallMs());
      const sorted = fleet
        .events()
        .filter(({ instanceId, event }) => event.wallMs >= sinceMs && instanceId === (query.instance ?? instanceId))
        .map(({ instanceId, event }) => ({ ...event, instance: instanceId }));
      const { entries, next } = pageOf(sorted, ({ wallMs }) => wallMs, true, query.cursor, query.limit);
      const page: ApiEvents = { events: entries, next };
      return { json: page };
    },
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
