/** `keyv` 4 to 6 whose store is in this process: a Map, or one of the caches that are known. */
import { isMap } from 'node:util/types';

import type { CacheEntry } from '../../agent/model/cache.ts';
import { has, objectIn, type Adapted, type Adapter, type AdapterParts, type LibraryContract } from './adapter.ts';
import { cacheableMemoryAdapter } from './cacheable-memory.ts';
import { lruCacheAdapter } from './lru-cache.ts';
import { adaptMap } from './map.ts';
import { quickLruAdapter } from './quick-lru.ts';

const STORES: readonly Adapter[] = [cacheableMemoryAdapter, quickLruAdapter, lruCacheAdapter];
/** Adapters of keyv around adapters of keyv. */
const MAX_LAYERS = 4;

export const keyvAdapter: Adapter = {
  library: 'keyv',
  isStorage: true,
  recognizes: isKeyv,
  adapt: (cache, parts) => adaptKeyv(cache, 'keyv', parts),
};

export function isKeyv(cache: object): boolean {
  return has(cache, 'get', 'set', 'delete', 'clear', 'has', 'disconnect') && storeOf(cache) !== undefined;
}

/** `library`: of what it is in. */
export function adaptKeyv(keyv: object, library: string, parts: AdapterParts): Adapted | string {
  const store = innermost(keyv);
  const adapted = adaptStore(store, { ...parts, mayCount: parts.mayCount && ownCounts(keyv) === undefined });
  if (adapted === undefined)
    return `a ${library} over ${nameOf(store)}, whose entries are not to be reached in this process`;
  const { contract } = adapted;
  return { ...adapted, contract: inKeyv(contract, library, keyv) };
}

function inKeyv(contract: LibraryContract, library: string, keyv: object): LibraryContract {
  const { evictMany } = contract;
  return {
    library,
    entries: contract.entries,
    limit: contract.limit,
    ownBytes: contract.ownBytes,
    sample: (count) => contract.sample(count).map(opened),
    evict() {
      const entry = contract.evict();
      return entry && opened(entry);
    },
    ...(evictMany && { evictMany: (count: number) => evictMany(count).map(opened) }),
    counts() {
      const own = ownCounts(keyv);
      return own === undefined ? contract.counts() : { ...contract.counts(), hit: own.hits, miss: own.misses };
    },
  };
}

function adaptStore(store: object, parts: AdapterParts): Adapted | undefined {
  const adapter = STORES.find(({ recognizes }) => recognizes(store));
  const adapted = adapter?.adapt(store, parts);
  if (typeof adapted === 'object') return adapted;
  return isMap(store) ? adaptMap(store, parts, expiryOf) : undefined;
}

function storeOf(keyv: object): object | undefined {
  const options = objectIn(keyv, 'opts');
  return objectIn(keyv, 'store') ?? (options && objectIn(options, 'store'));
}

function innermost(keyv: object): object {
  let store = keyv;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const inner = STORES.some(({ recognizes }) => recognizes(store)) || isMap(store) ? undefined : storeOf(store);
    if (inner === undefined) return store;
    store = inner;
  }
  return store;
}

/** Versions 5 and 6, where the application switched them on. */
function ownCounts(keyv: object): { readonly hits: number; readonly misses: number } | undefined {
  const stats = objectIn(keyv, 'stats') as { enabled?: boolean; hits: number; misses: number } | undefined;
  return stats?.enabled === true ? stats : undefined;
}

/** What keyv puts around a value is not the application's. A text stays one: what it was made of is not known here. */
function opened({ key, value }: CacheEntry): CacheEntry {
  let inner = value;
  for (let layer = 0; layer < 2 && isEnvelope(inner); layer++) inner = inner.value;
  return { key, value: inner };
}

function isEnvelope(value: unknown): value is { readonly value: unknown; readonly expires: unknown } {
  return typeof value === 'object' && value !== null && 'value' in value && 'expires' in value;
}

/** Of a text (versions 4 and 5 by default) it is not looked for: texts that were put together are copied when they are read. */
function expiryOf(value: unknown): number {
  if (!isEnvelope(value)) return Number.NaN;
  return typeof value.expires === 'number' ? value.expires : expiryOf(value.value);
}

function nameOf(store: object): string {
  const name: unknown = store.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'a store';
}
