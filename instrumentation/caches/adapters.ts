/** The libraries that are known, what is built on another before that other. */
import type { Adapter } from './adapter.ts';
import { cacheManagerAdapter } from './cache-manager.ts';
import { cacheableAdapter } from './cacheable.ts';
import { cacheableMemoryAdapter } from './cacheable-memory.ts';
import { keyvAdapter } from './keyv.ts';
import { lruCacheAdapter } from './lru-cache.ts';
import { mapAdapter } from './map.ts';
import { nodeCacheAdapter } from './node-cache.ts';
import { quickLruAdapter } from './quick-lru.ts';

export const ADAPTERS: readonly Adapter[] = [
  cacheManagerAdapter,
  cacheableAdapter,
  keyvAdapter,
  cacheableMemoryAdapter,
  nodeCacheAdapter,
  quickLruAdapter,
  lruCacheAdapter,
  mapAdapter,
];
