/** What each of the mounted routes answers, about this process alone. */
import type { CacheStatus } from '../../agent/model/cache.ts';
import type { AgentHandle } from '../../agent/model/handle.ts';
import { IDLE_STATUS } from '../../agent/model/handle.ts';
import { levelName } from '../../agent/model/level.ts';
import { openCaches } from '../../agent/model/open-cache.ts';
import { NOTHING_RECLAIMED } from '../../agent/model/reclaim.ts';
import { badParameter, failed, json, type Answer } from './answer.ts';
import { history } from './history.ts';

export interface RouteRequest {
  readonly agent: AgentHandle | undefined;
  /** Of the path, where it has one: `cache/stats/{name}`. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly accept: string;
}

export interface Route {
  /** Behind `/api/v1/` or `/api/`. */
  readonly path: RegExp;
  readonly method: 'GET' | 'DELETE' | 'POST';
  answer(request: RouteRequest): Answer | Promise<Answer>;
}

export const ROUTES: readonly Route[] = [
  {
    path: /^status\/system$/,
    method: 'GET',
    answer: ({ agent }) => json({ cache: cacheStats(agent), memory: memoryStatus(agent) }),
  },
  { path: /^memory\/status$/, method: 'GET', answer: ({ agent }) => json(memoryStatus(agent)) },
  { path: /^memory\/history$/, method: 'GET', answer: ({ agent, query, accept }) => history(agent, query, accept) },
  { path: /^cache\/stats$/, method: 'GET', answer: ({ agent }) => json(cacheStats(agent)) },
  { path: /^cache\/stats\/(?<name>[^/]+)$/, method: 'GET', answer: oneCache },
  { path: /^cache\/clear$/, method: 'DELETE', answer: clear },
  { path: /^reclaim$/, method: 'POST', answer: reclaim },
];

/** A list, as where several processes are told of. */
function memoryStatus(agent: AgentHandle | undefined): object {
  const { available, mode, assessment, sample, degraded } = agent?.status() ?? IDLE_STATUS;
  const { constraints, ...rest } = assessment;
  const level = levelName(assessment.level);
  return { processes: [{ pid: process.pid, available, mode, level, assessment: rest, constraints, sample, degraded }] };
}

/** Pressure caches are there without an agent too, and know more about themselves than it does. */
function statuses(agent: AgentHandle | undefined): readonly CacheStatus[] {
  const others = (agent?.caches() ?? []).filter(({ library }) => library !== 'plimsoll');
  return [...[...openCaches().values()].map((open) => open.status()), ...others];
}

function cacheStats(agent: AgentHandle | undefined): object {
  const caches = statuses(agent);
  const sum = (of: (status: CacheStatus) => number): number =>
    caches.reduce((total, status) => total + (of(status) || 0), 0);
  const hits = sum(({ counts }) => counts.hit);
  const gets = hits + sum(({ counts }) => counts.miss) + sum(({ counts }) => counts.expired);
  const total = {
    caches: caches.length,
    entries: sum(({ entries }) => entries),
    bytes: sum(({ bytes }) => bytes),
    hits,
    misses: gets - hits,
    hitRatio: gets === 0 ? 0 : hits / gets,
  };
  return { caches, total };
}

function oneCache({ agent, name }: RouteRequest): Answer {
  const status = statuses(agent).find((cache) => cache.name === name);
  if (status === undefined) return unknownCache(name);
  const open = [...openCaches().values()].find((cache) => cache.status().name === name);
  return json(open === undefined ? status : { ...status, stats: open.stats() });
}

async function clear({ agent, query }: RouteRequest): Promise<Answer> {
  const name = query.get('name') ?? undefined;
  const open = [...openCaches().values()]
    .map((cache) => ({ name: cache.status().name, clear: cache.clear }))
    .filter((cache) => name === undefined || cache.name === name);
  const own = await Promise.all(open.map(async (cache) => ({ name: cache.name, ...(await cache.clear()) })));
  const others = own.length > 0 && name !== undefined ? [] : ((await agent?.clearCaches(name)) ?? []);
  const cleared = [...own, ...others];
  if (name !== undefined && cleared.length === 0) return unknownCache(name);
  return json({
    cleared,
    entries: cleared.reduce((sum, { entries }) => sum + entries, 0),
    bytes: cleared.reduce((sum, { bytes }) => sum + bytes, 0),
  });
}

async function reclaim({ agent, query }: RouteRequest): Promise<Answer> {
  const text = query.get('bytes');
  if (text !== null && !/^[1-9]\d{0,14}$/.test(text)) throw badParameter('bytes', text, 'a whole number of bytes');
  const outcome = await agent?.reclaim(text === null ? undefined : Number(text));
  return json(outcome ?? NOTHING_RECLAIMED);
}

function unknownCache(name: string): Answer {
  const known = 'GET /api/v1/cache/stats lists those that are';
  return failed(404, 'PLM_HTTP_NO_CACHE', `No cache ${JSON.stringify(name)} is known; ${known}. Nothing is done.`);
}
