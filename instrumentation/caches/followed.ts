/** One cache, whatever it is: what is known of it, and taking entries out of it. */
import {
  NOTHING_COUNTED,
  type CacheCounts,
  type CacheEntry,
  type CacheLimit,
  type CacheOptions,
  type CacheStatus,
  type Evicted,
  type FollowedCache,
} from '../../agent/model/cache.ts';
import type { Problem } from '../../agent/model/problem.ts';
import type { LibraryContract } from './adapter.ts';
import { createCare } from './care.ts';
import { createRate } from './rate.ts';
import { createSize, type Size } from './size.ts';

/** Entries are looked at again when so much of their number changed, and after this time. */
const LOOK_AGAIN_CHANGE = 0.05;
const LOOK_AGAIN_MS = 1000;
/** Evictions between two checks that the cache gets smaller by them; asking may be dear. */
const CHECK_EVERY = 64;

/** Where a library is asked for several at once; under a millisecond. */
const MAX_AT_ONCE = 256;

const NOTHING: Evicted = { entries: 0, bytes: 0 };

export interface FollowedParts extends Omit<CacheOptions, 'name' | 'priority'> {
  readonly name: string;
  readonly library: string;
  readonly priority: FollowedCache['priority'];
  readonly isDiscovered: boolean;
  /** Throws when the cache is gone. */
  contract(): LibraryContract;
  monotonicMs(): number;
  onProblem(problem: Problem): void;
}

export interface Followed extends FollowedCache {
  /** As it was when `refresh` was last called. */
  latest(): CacheStatus;
  refresh(): void;
  isCapped(): boolean;
  /** Evicts what is above the cap. */
  trim(isTimeUp: () => boolean): void;
}

export function createFollowed(parts: FollowedParts): Followed {
  const { name, library, priority, isDiscovered, contract, monotonicMs } = parts;
  const care = createCare(name, parts);
  const size = createSize(contract, { ...parts, onFailed: care.tell });
  const hitRate = createRate();
  const totals = createTotals();
  let capEntries: number | undefined;
  let pressureEvictions = 0;
  let isEvicting = false;
  let lookedAtEntries = 0;
  let lookedAtMs = -Infinity;
  let latest: CacheStatus = {
    name,
    library,
    priority,
    isDiscovered,
    entries: 0,
    bytes: 0,
    sizeSource: 'sampled',
    limit: { entries: undefined, bytes: undefined },
    capEntries: undefined,
    counts: NOTHING_COUNTED,
  };

  function lookWhenDue(entries: number, nowMs: number): void {
    if (entries === 0) return;
    const changed = Math.abs(entries - lookedAtEntries) > lookedAtEntries * LOOK_AGAIN_CHANGE;
    const isDue = nowMs - lookedAtMs >= LOOK_AGAIN_MS * (changed ? 1 : 10);
    if (!isDue && !size.isUnknown()) return;
    lookedAtEntries = entries;
    lookedAtMs = nowMs;
    size.look();
  }

  function refresh(): void {
    care.attempt(() => {
      const nowMs = monotonicMs();
      const cache = contract();
      const entries = wholeNumber(cache.entries());
      lookWhenDue(entries, nowMs);
      const counts = totals(cache.counts(), pressureEvictions);
      hitRate.note(nowMs, counts.hit);
      latest = {
        ...latest,
        entries,
        bytes: size.bytes(entries),
        sizeSource: size.source(),
        limit: limitOf(cache.limit()),
        capEntries,
        counts,
      };
    }, undefined);
  }

  /** As long as `toGo`, which is told what was evicted so far, answers how many entries it takes, or 0. */
  function evictWhile(toGo: (entries: number, bytes: number) => number): Evicted {
    if (isEvicting || care.isResting()) return NOTHING;
    const run = care.attempt(() => createRun(contract, size), undefined);
    if (run === undefined) return NOTHING;
    isEvicting = true;
    care.attempt(() => {
      for (let wanted = toGo(0, 0); wanted > 0 && run.step(wanted); wanted = toGo(run.entries(), run.bytes()));
    }, undefined);
    care.attempt(run.settle, undefined);
    isEvicting = false;
    pressureEvictions += run.entries();
    refresh();
    return { entries: run.entries(), bytes: run.bytes() };
  }

  return {
    name,
    priority,
    status() {
      refresh();
      return latest;
    },
    latest: () => latest,
    refresh,
    costMs: size.costMs,
    hitsPerSecond: hitRate.perSecond,
    evict: (targetBytes, isTimeUp) =>
      evictWhile((entries, bytes) =>
        bytes >= targetBytes || (entries > 0 && isTimeUp()) ? 0 : (targetBytes - bytes) / size.meanBytes(),
      ),
    cap(entries) {
      capEntries = entries;
      latest = { ...latest, capEntries };
    },
    isCapped: () => capEntries !== undefined,
    trim(isTimeUp) {
      const above = care.attempt(() => wholeNumber(contract().entries()), 0) - (capEntries ?? Infinity);
      if (above > 0) evictWhile((entries) => (isTimeUp() ? 0 : above - entries));
    },
  };
}

/** Evictions one after the other, and the proof that they made the cache smaller. */
function createRun(contract: () => LibraryContract, size: Size) {
  let entries = 0;
  let bytes = 0;
  let checkedEntries = 0;
  let checkedBytes = 0;
  let countAtCheck = wholeNumber(contract().entries());
  const bytesGone = size.startEviction();

  /** What was answered and did not go, or was set again meanwhile, was no eviction. Throws when nothing went at all. */
  function settle(): void {
    const count = wholeNumber(contract().entries());
    const answered = entries - checkedEntries;
    const gone = Math.max(0, Math.min(answered, countAtCheck - count));
    if (answered > 0) {
      entries = checkedEntries + gone;
      bytes = checkedBytes + ((bytes - checkedBytes) * gone) / answered;
    }
    countAtCheck = count;
    checkedEntries = entries;
    checkedBytes = bytes;
    if (answered > 0 && gone === 0)
      throw new Error(`it evicted ${answered} entries and holds ${count}, as many as before`);
  }

  return {
    entries: () => entries,
    bytes: () => bytes,
    settle,
    /** false: nothing is left, or nothing goes. */
    step(wanted: number): boolean {
      const evicted = take(contract(), wanted);
      for (const entry of evicted) {
        entries++;
        bytes = Math.max(checkedBytes, bytes + bytesGone(entry));
      }
      if (evicted.length === 0) return false;
      if (entries - checkedEntries >= CHECK_EVERY) settle();
      return true;
    },
  };
}

function take(cache: LibraryContract, wanted: number): readonly CacheEntry[] {
  if (cache.evictMany !== undefined) return cache.evictMany(Math.min(MAX_AT_ONCE, Math.max(1, Math.ceil(wanted))));
  const entry = evictedEntry(cache.evict());
  return entry === undefined ? [] : [entry];
}

function evictedEntry(answer: unknown): CacheEntry | undefined {
  if (answer === undefined || answer === null) return undefined;
  if (answer instanceof Promise) {
    answer.catch(() => {});
    throw new TypeError('evict answered a promise, must be the entry');
  }
  if (typeof answer !== 'object') throw new TypeError(`evict answered a ${typeof answer}, must be { key, value }`);
  return answer as CacheEntry;
}

function wholeNumber(entries: unknown): number {
  if (typeof entries === 'number' && entries >= 0 && Number.isFinite(entries)) return entries;
  throw new TypeError(`entries answered ${String(entries)}, must be a number from 0`);
}

function limitOf({ entries, bytes }: CacheLimit): CacheLimit {
  return { entries: entries === Infinity ? undefined : entries, bytes: bytes === Infinity ? undefined : bytes };
}

/** Owners start their statistics anew; ours never fall. */
function createTotals(): (counts: CacheCounts, pressure: number) => CacheCounts {
  const hit = createTotal();
  const miss = createTotal();
  const expired = createTotal();
  const capacity = createTotal();
  const ttl = createTotal();
  const manual = createTotal();
  return (counts, pressure) => ({
    hit: hit(counts.hit),
    miss: miss(counts.miss),
    expired: expired(counts.expired),
    evictions: {
      capacity: capacity(counts.evictions.capacity),
      ttl: ttl(counts.evictions.ttl),
      manual: manual(counts.evictions.manual),
      pressure,
    },
  });
}

function createTotal(): (count: number) => number {
  let last = 0;
  let total = Number.NaN;
  return (count) => {
    if (Number.isFinite(count)) {
      total = (Number.isNaN(total) ? 0 : total) + (count >= last ? count - last : count);
      last = count;
    }
    return total;
  };
}
