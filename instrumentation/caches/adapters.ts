/** The libraries that are known, what is built on another before that other. */
import type { Adapter } from './adapter.ts';
import { lruCacheAdapter } from './lru-cache.ts';
import { mapAdapter } from './map.ts';

export const ADAPTERS: readonly Adapter[] = [lruCacheAdapter, mapAdapter];
