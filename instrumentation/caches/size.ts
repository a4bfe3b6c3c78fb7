/** What a cache holds, in bytes, without looking at all of it. */
import type { CacheContract, CacheEntry, CacheOptions, SizeSource } from '../../agent/model/cache.ts';
import { bytesOfEntries } from './bytes-of.ts';
import { describe } from './care.ts';

/** Entries looked at in one go; what several of a go share is not counted. */
const LOOK = 8;
/** Weight of a new look in the mean, after the first ones. */
const WEIGHT = 1 / 8;
/** Of the entries that are evicted first, so many groups are looked at, and later one group of so many. */
const LOOKED_AT_GROUPS = 8;
const LOOKED_AT_EVERY = 8;

export interface Size {
  source(): SizeSource;
  bytes(entries: number): number;
  /** Of an entry; at least 1. */
  meanBytes(): number;
  /** Mean cost of making an entry again, ms. */
  costMs(): number;
  isUnknown(): boolean;
  /** Looks at some entries again. */
  look(): void;
  /** Of a run of evictions: what each entry took with it. */
  startEviction(): (entry: CacheEntry) => number;
}

export function createSize(
  contract: () => CacheContract,
  options: Pick<CacheOptions, 'sizeOf' | 'costOf'> & { onFailed(what: string, now: string): void },
): Size {
  const meanBytes = createMean();
  const meanCostMs = createMean();
  let { sizeOf, costOf } = options;
  /** Of all runs: one of a few ms would be over with its first ones. */
  let groups = 0;

  const ownBytes = (): number | undefined => (sizeOf === undefined ? contract().ownBytes() : undefined);

  function bytesByOwner(entries: readonly CacheEntry[]): number | undefined {
    if (sizeOf === undefined) return undefined;
    try {
      return total(entries, sizeOf, 'sizeOf');
    } catch (error) {
      options.onFailed(describe(error), 'Entries are looked at instead of asking sizeOf');
      sizeOf = undefined;
      return undefined;
    }
  }

  function noteCost(entries: readonly CacheEntry[]): void {
    if (costOf === undefined) return;
    try {
      meanCostMs.add(total(entries, costOf, 'costOf') / entries.length);
    } catch (error) {
      options.onFailed(describe(error), 'costOf is not asked again');
      costOf = undefined;
    }
  }

  function measure(entries: readonly CacheEntry[]): number {
    if (entries.length === 0) return 0;
    const bytes = bytesByOwner(entries) ?? bytesOfEntries(entries);
    meanBytes.add(bytes / entries.length);
    return bytes;
  }

  function look(): void {
    const entries = contract().sample(LOOK);
    if (entries.length === 0) return;
    if (ownBytes() === undefined) measure(entries);
    noteCost(entries);
  }

  function byOwnAccount(before: number): () => number {
    let left = before;
    return () => {
      const gone = left - (contract().ownBytes() ?? left);
      left -= gone;
      return Math.max(0, gone);
    };
  }

  function byLooking(): (entry: CacheEntry) => number {
    const group: CacheEntry[] = [];
    let promised = 0;
    return (entry) => {
      if (!meanBytes.isKnown()) return measure([entry]);
      if (groups >= LOOKED_AT_GROUPS && groups % LOOKED_AT_EVERY !== 0) {
        if (group.push(entry) >= LOOK) {
          group.length = 0;
          groups++;
        }
        return meanBytes.value();
      }
      const guess = meanBytes.value();
      if (group.push(entry) < LOOK) {
        promised += guess;
        return guess;
      }
      const correction = measure(group) - promised;
      group.length = 0;
      groups++;
      promised = 0;
      return correction;
    };
  }

  return {
    source() {
      if (sizeOf !== undefined) return 'sizeOf';
      return ownBytes() === undefined ? 'sampled' : 'own';
    },
    bytes: (entries) => (entries === 0 ? 0 : (ownBytes() ?? meanBytes.value() * entries)),
    meanBytes: () => Math.max(1, meanBytes.value()),
    costMs: () => (meanCostMs.isKnown() ? meanCostMs.value() : 1),
    isUnknown: () => !meanBytes.isKnown() && ownBytes() === undefined,
    look,
    startEviction() {
      if (sizeOf !== undefined) return (entry) => measure([entry]);
      const own = ownBytes();
      if (own !== undefined) return byOwnAccount(own);
      if (!meanBytes.isKnown()) look();
      return byLooking();
    },
  };
}

function total(
  entries: readonly CacheEntry[],
  measure: (value: unknown, key: unknown) => number,
  name: string,
): number {
  let sum = 0;
  for (const { key, value } of entries) {
    const measured: unknown = measure(value, key);
    if (typeof measured !== 'number' || !(measured >= 0) || measured === Infinity) {
      throw new TypeError(`${name} answered ${String(measured)}, must be a number from 0`);
    }
    sum += measured;
  }
  return sum;
}

function createMean() {
  let mean = Number.NaN;
  let count = 0;
  return {
    isKnown: () => count > 0,
    value: () => (count > 0 ? mean : 0),
    add(value: number) {
      count++;
      mean = count === 1 ? value : mean + (value - mean) * Math.max(WEIGHT, 1 / count);
    },
  };
}
