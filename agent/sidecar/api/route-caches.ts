/** Of ROUTES: caches, and what is asked of the processes. */
import { MAX_DRILL_MS } from '../../control/protocol.ts';
import type { CaptureKind } from '../../model/event.ts';
import { LEVELS } from '../../model/level.ts';
import { cacheStats } from './caches.ts';
import { capture, clearCaches, drill, reclaim, unknownCache } from './commands.ts';
import { choice, needed, text, whole } from './parameters.ts';
import { isWanted, route, WHO, type Route } from './route.ts';
import type { ApiCacheStats } from './types.ts';

export const CACHE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/cache/stats',
    access: 'read',
    summary: 'Each cache of the processes that live, the largest first, and their total.',
    query: WHO,
    answers: 'CacheStats',
    answer: ({ query }, { fleet }) => {
      const stats: ApiCacheStats = cacheStats(fleet, isWanted(query));
      return { json: stats };
    },
  }),
  route({
    method: 'GET',
    path: '/cache/stats/:name',
    access: 'read',
    summary: 'The cache of this name, in each process that has one.',
    query: {},
    answers: 'CacheStats',
    statuses: [404],
    answer: ({ name }, { fleet }) => {
      const stats = cacheStats(fleet, (cache) => cache.name === name);
      if (stats.caches.length === 0) throw unknownCache(name);
      return { json: stats };
    },
  }),
];

export const COMMAND_ROUTES: readonly Route[] = [
  route({
    method: 'DELETE',
    path: '/cache/clear',
    access: 'write',
    summary: 'Empties one cache, or all, and tells what was freed.',
    query: { name: text('Only the cache of this name.'), ...WHO },
    answers: 'Cleared',
    statuses: [404, 409, 503],
    answer: async ({ query }, { fleet }) => ({ json: await clearCaches(fleet, query, query.name) }),
  }),
  route({
    method: 'POST',
    path: '/drills',
    access: 'write',
    summary: 'Raises the level for a while, marked as a drill wherever it shows. `normal` ends a drill.',
    query: {},
    body: {
      level: needed(LEVELS, 'The level to show.'),
      forMs: whole({ min: 1000, max: MAX_DRILL_MS }, 30_000, 'How long.'),
      ...WHO,
    },
    answers: 'Drilled',
    statuses: [404, 409, 503],
    answer: async ({ body }, { fleet }) => ({ json: await drill(fleet, body, body.level, body.forMs) }),
  }),
  route({
    method: 'POST',
    path: '/captures',
    access: 'write',
    summary: 'Captures now.',
    query: {},
    body: { kind: choice<CaptureKind>(['report', 'profile', 'snapshot'], 'report', 'What to write.'), ...WHO },
    answers: 'Captured',
    statuses: [404, 409, 503],
    answer: async ({ body }, { fleet }) => ({ json: await capture(fleet, body, body.kind) }),
  }),
  route({
    method: 'POST',
    path: '/reclaim',
    access: 'write',
    summary: 'Gives memory back now, and tells how much came of it.',
    query: {},
    body: {
      targetBytes: whole({ min: 1, max: 2 ** 50 - 1 }, undefined, 'How much; default what the policy asks for.'),
      ...WHO,
    },
    answers: 'Reclaimed',
    statuses: [404, 409, 503],
    answer: async ({ body }, { fleet }) => ({ json: await reclaim(fleet, body, body.targetBytes) }),
  }),
];
