/** The accounts of caches as another process told them, in JSON. */
import {
  CACHE_RESULTS,
  EVICTION_REASONS,
  SIZE_SOURCES,
  type CacheAccount,
  type CacheAccounts,
  type CacheCounts,
} from './cache.ts';
import { isList, isMessage, isText, numberOf, type Message } from './message.ts';

/** More than any tier of the metrics tells. */
const MAX_NAMED = 16;

/** undefined: it never had a cache, or what it tells is odd. */
export function readAccounts(value: unknown): CacheAccounts | undefined {
  if (!isMessage(value)) return undefined;
  const named = (isList(value['named'], MAX_NAMED) ? value['named'] : []).map(readAccount);
  const other = readAccount(value['other']);
  const all = readAccount(value['all']);
  if (other === undefined || all === undefined) return undefined;
  return { named: named.filter((account) => account !== undefined), other, all };
}

function readAccount(value: unknown): CacheAccount | undefined {
  if (!isMessage(value)) return undefined;
  const { name, library, entries, bytes, sizeSource, limitEntries, counts } = value;
  if (!isText(name) || !isText(library) || !isMessage(counts)) return undefined;
  return {
    name,
    library,
    entries: numberOf(entries),
    bytes: numberOf(bytes),
    sizeSource: SIZE_SOURCES.find((known) => known === sizeSource),
    limitEntries: numberOf(limitEntries),
    counts: readCounts(counts),
  };
}

export function readCounts(counts: Message): CacheCounts {
  const evictions = isMessage(counts['evictions']) ? counts['evictions'] : {};
  return {
    ...numbersOf(CACHE_RESULTS, counts),
    evictions: numbersOf(EVICTION_REASONS, evictions),
  };
}

function numbersOf<K extends string>(names: readonly K[], from: Message): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, numberOf(from[name])])) as Record<K, number>;
}
