/** The caches as the metrics tell of them: few names whatever the application makes, and counts that never fall. */
import {
  CACHE_RESULTS,
  EVICTION_REASONS,
  type CacheAccount,
  type CacheAccounts,
  type CacheCounts,
  type CacheResult,
  type CacheStatus,
  type EvictionReason,
} from '../model/cache.ts';
import { OTHER } from '../model/metric.ts';

/** By the budget of series, see docs/metrics.md. */
const MAX_NAMED = 3;
/** A cache takes the name of another only when it is so much larger: series that come and go cost more than they tell. */
const TAKES_OVER_AT = 2;

type Counter = Record<CacheResult, number> & { evictions: Record<EvictionReason, number> };

function nothing(): Counter {
  return {
    hit: Number.NaN,
    miss: Number.NaN,
    expired: Number.NaN,
    evictions: { capacity: Number.NaN, ttl: Number.NaN, pressure: Number.NaN, manual: Number.NaN },
  };
}

export interface CacheAccountant {
  /** undefined: there never was a cache. */
  update(statuses: readonly CacheStatus[]): CacheAccounts | undefined;
}

export function createCacheAccounts(): CacheAccountant {
  /** What living caches had counted when they were last looked at. */
  const seen = new Map<string, CacheCounts>();
  const named = new Map<string, Counter>();
  const other = nothing();
  const all = nothing();
  let sawOne = false;

  function nameLargest(statuses: readonly CacheStatus[]): void {
    const living = new Set(statuses.map(({ name }) => name));
    for (const name of named.keys()) if (!living.has(name)) named.delete(name);
    for (const name of seen.keys()) if (!living.has(name)) seen.delete(name);
    const waiting = statuses.filter(({ name }) => !named.has(name)).toSorted((a, b) => b.bytes - a.bytes);
    while (named.size < MAX_NAMED) {
      const next = waiting.shift();
      if (next === undefined) return;
      named.set(next.name, nothing());
    }
    const [largest] = waiting;
    const [smallest] = statuses.filter(({ name }) => named.has(name)).toSorted((a, b) => a.bytes - b.bytes);
    if (largest === undefined || smallest === undefined) return;
    if (largest.bytes <= TAKES_OVER_AT * smallest.bytes) return;
    // the series begins at what it has from now on: what it counted before stays where it was counted
    named.delete(smallest.name);
    named.set(largest.name, nothing());
  }

  return {
    update(statuses) {
      sawOne ||= statuses.length > 0;
      if (!sawOne) return undefined;
      nameLargest(statuses);
      for (const { name, counts } of statuses) {
        const before = seen.get(name);
        addIncrease(all, before, counts);
        addIncrease(named.get(name) ?? other, before, counts);
        seen.set(name, counts);
      }
      return {
        named: statuses.flatMap((status) => accountOf(status, named.get(status.name)) ?? []),
        other: sumOf(
          statuses.filter(({ name }) => !named.has(name)),
          other,
        ),
        all: sumOf(statuses, all),
      };
    },
  };
}

function addIncrease(sum: Counter, before: CacheCounts | undefined, now: CacheCounts): void {
  for (const result of CACHE_RESULTS) sum[result] = increased(sum[result], before?.[result], now[result]);
  for (const reason of EVICTION_REASONS) {
    sum.evictions[reason] = increased(sum.evictions[reason], before?.evictions[reason], now.evictions[reason]);
  }
}

/** A count that fell began anew. */
function increased(sum: number, before: number | undefined, now: number): number {
  if (Number.isNaN(now)) return sum;
  const base = Number.isNaN(sum) ? 0 : sum;
  return base + (before !== undefined && now >= before ? now - before : now);
}

function accountOf(status: CacheStatus, counter: Counter | undefined): CacheAccount | undefined {
  if (counter === undefined) return undefined;
  const { name, library, entries, bytes, sizeSource, limit, capEntries } = status;
  const limitEntries = Math.min(limit.entries ?? Number.POSITIVE_INFINITY, capEntries ?? Number.POSITIVE_INFINITY);
  return { name, library, entries, bytes, sizeSource, limitEntries, counts: copy(counter) };
}

function sumOf(statuses: readonly CacheStatus[], counter: Counter): CacheAccount {
  return {
    name: OTHER,
    library: OTHER,
    entries: total(statuses.map(({ entries }) => entries)),
    bytes: total(statuses.map(({ bytes }) => bytes)),
    sizeSource: undefined,
    limitEntries: Number.NaN,
    counts: copy(counter),
  };
}

function total(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0);
}

function copy({ evictions, ...results }: Counter): CacheCounts {
  return { ...results, evictions: { ...evictions } };
}
