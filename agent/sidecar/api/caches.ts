import type { CacheStatus } from '../../model/cache.ts';
import type { Fleet, Member } from '../fleet.ts';
import { finite } from './numbers.ts';
import { slotOf } from './point.ts';
import type { ApiCache, ApiCacheStats } from './types.ts';

/** Of the processes that live; the largest first. */
export function cacheStats(fleet: Fleet, isWanted: (cache: ApiCache) => boolean = () => true): ApiCacheStats {
  const caches = fleet
    .members()
    .filter((member) => member.state() !== 'ended')
    .flatMap(cachesOf)
    .filter(isWanted)
    .toSorted((a, b) => b.bytes - a.bytes);
  const sum = (of: (cache: ApiCache) => number | null): number =>
    caches.reduce((total, cache) => total + (of(cache) ?? 0), 0);
  const hits = sum(({ counts }) => counts.hit);
  // what had expired was asked for in vain too
  const misses = sum(({ counts }) => counts.miss) + sum(({ counts }) => counts.expired);
  return {
    caches,
    total: {
      caches: caches.length,
      entries: sum(({ entries }) => entries),
      bytes: sum(({ bytes }) => bytes),
      hits,
      misses,
      hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
    },
  };
}

function cachesOf(member: Member): readonly ApiCache[] {
  const process = slotOf(member);
  const statuses = member.snapshot()?.caches ?? member.note()?.caches ?? [];
  return statuses.map((status) => cacheOf(status, member.instanceId, process));
}

function cacheOf({ limit, capEntries, counts, ...status }: CacheStatus, instance: string, process: string): ApiCache {
  const { hit, miss, expired, evictions } = counts;
  return {
    ...status,
    instance,
    process,
    limitEntries: finite(limit.entries),
    limitBytes: finite(limit.bytes),
    capEntries: finite(capEntries),
    counts: {
      hit: finite(hit),
      miss: finite(miss),
      expired: finite(expired),
      evictions: {
        capacity: finite(evictions.capacity),
        ttl: finite(evictions.ttl),
        pressure: finite(evictions.pressure),
        manual: finite(evictions.manual),
      },
    },
  };
}
