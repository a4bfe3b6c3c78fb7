/** Of ROUTES: how much memory there is, and was. */
import { alertsSince } from './alerts.ts';
import { cacheStats } from './caches.ts';
import { historyOf, historyPage, jobHistory, RESOLUTIONS } from './history.ts';
import { csv, ndjson } from './lines.ts';
import { cursor, limit, MOST_A_PAGE, pageOf } from './paging.ts';
import { choice, moment, text } from './parameters.ts';
import { memoryStatus } from './process.ts';
import { isWanted, JOB, route, WHO, type Route } from './route.ts';
import type { ApiAlerts, ApiComponents, ApiMemoryStatus, ApiStages, ApiSystemStatus } from './types.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CSV = 'text/csv';
const NDJSON = 'application/x-ndjson';

export const MEMORY_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/status/system',
    access: 'read',
    summary: 'Cache statistics and memory status together.',
    query: {},
    answers: 'SystemStatus',
    answer: (_asked, { fleet, clock }) => {
      const both: ApiSystemStatus = { cache: cacheStats(fleet), memory: memoryStatus(fleet, clock.wallMs()) };
      return { json: both };
    },
  }),
  route({
    method: 'GET',
    path: '/memory/status',
    access: 'read',
    summary: 'Each process: level, binding constraint, headroom, time to limit; the nearest to its limit first.',
    query: WHO,
    answers: 'MemoryStatus',
    answer: ({ query }, { fleet, clock }) => {
      const { processes, ...rest } = memoryStatus(fleet, clock.wallMs());
      const status: ApiMemoryStatus = { ...rest, processes: processes.filter(isWanted(query)) };
      return { json: status };
    },
  }),
  route({
    method: 'GET',
    path: '/memory/history',
    access: 'read',
    summary:
      'Samples, oldest first, in pages. With `Accept: text/csv` or `application/x-ndjson` all of them as a stream, one process after the other.',
    query: {
      since: moment(10 * MINUTE_MS, 'From when on; default 10m.'),
      until: moment(0, 'To when; default now.'),
      resolution: choice(
        RESOLUTIONS,
        '1s',
        '`raw`: every sample. Else the one with the highest pressure of each interval. Finer than 10s only as far back as the ring file goes.',
      ),
      ...WHO,
      ...JOB,
      stage: text('Only samples taken in this stage.'),
      limit: limit(MOST_A_PAGE),
      cursor,
    },
    answers: 'History',
    types: [CSV, NDJSON],
    answer: async ({ query, accept }, world) => {
      const { since, until, job_id: job, cursor: from, limit: most, ...which } = query;
      const nowMs = world.clock.wallMs();
      const wanted = { ...which, job, sinceMs: since.wallMs(nowMs), untilMs: until.wallMs(nowMs) };
      if (accept.includes(CSV)) return { pieces: csv(historyOf(world, wanted)), type: CSV };
      if (accept.includes(NDJSON)) return { pieces: ndjson(historyOf(world, wanted)), type: NDJSON };
      return { json: await historyPage(world, wanted, from, most) };
    },
  }),
  route({
    method: 'GET',
    path: '/memory/alerts',
    access: 'read',
    summary: 'Each time a level was reached, newest first: `warning` is elevated and high, `critical` is critical.',
    query: { since: moment(DAY_MS, 'From when on; default 24h.'), limit: limit(100), cursor },
    answers: 'Alerts',
    answer: ({ query }, { fleet, clock }) => {
      const alerts = alertsSince(fleet, query.since.wallMs(clock.wallMs()));
      const { entries, next } = pageOf(alerts, ({ wallMs }) => wallMs, true, query.cursor, query.limit);
      const page: ApiAlerts = { alerts: entries, next };
      return { json: page };
    },
  }),
  route({
    method: 'GET',
    path: '/memory/stages',
    access: 'read',
    summary: 'What memory was while a stage ran. Nothing records stages yet: the list is empty.',
    query: JOB,
    answers: 'Stages',
    answer: () => {
      const none: ApiStages = { stages: [] };
      return { json: none };
    },
  }),
  route({
    method: 'GET',
    path: '/memory/components',
    access: 'read',
    summary: 'What memory was while a component was loaded. Nothing records components yet: the list is empty.',
    query: {},
    answers: 'Components',
    answer: () => {
      const none: ApiComponents = { components: [] };
      return { json: none };
    },
  }),
];

export const ADMIN_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/memory-stats',
    access: 'read',
    summary: 'RSS, virtual size and percent of each process; memory, CPU and disk of the machine.',
    query: {},
    answers: 'AdminMemoryStats',
    answer: async (_asked, { fleet, machine }) => ({ json: await machine.memoryStats(fleet) }),
  }),
  route({
    method: 'GET',
    path: '/admin/memory-history',
    access: 'read',
    summary: 'Samples of a job, or of everything: the newest 1000 of the last two hours, oldest first.',
    query: JOB,
    answers: 'AdminMemoryHistory',
    answer: async ({ query }, world) => ({ json: await jobHistory(world, query.job_id) }),
  }),
];
