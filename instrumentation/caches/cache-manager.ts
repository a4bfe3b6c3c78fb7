/** `cache-manager` 6 and 7: the first of its stores that is in this process. */
import { has, type Adapted, type Adapter } from './adapter.ts';
import { adaptKeyv } from './keyv.ts';

export const cacheManagerAdapter: Adapter = {
  library: 'cache-manager',
  recognizes: (cache) => has(cache, 'wrap', 'get', 'set', 'del') && ('stores' in cache || 'store' in cache),
  adapt(cache, parts) {
    const stores: unknown = Reflect.get(cache, 'stores');
    // version 5 keeps its lru-cache to itself; that one is found where caches are discovered
    if (!Array.isArray(stores)) return 'a cache-manager older than version 6, which keeps its store to itself';
    let why: Adapted | string = 'a cache-manager without stores';
    for (const store of stores as readonly object[]) {
      why = adaptKeyv(store, 'cache-manager', parts);
      if (typeof why !== 'string') return why;
    }
    return why;
  },
};
