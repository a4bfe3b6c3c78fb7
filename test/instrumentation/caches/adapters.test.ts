/** Each library, in each of its versions that differ, against the same contract. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { appIn } from '../../../scripts/install-apps.ts';
import { cacheContract, type Subject } from '../../contracts/cache.ts';

const { folder, skip } = appIn('caches');
const load = createRequire(join(folder, 'package.json'));

interface Synchronous {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  keys(): Iterable<string>;
}

function subject(cache: Synchronous): Subject {
  return {
    cache,
    set: (key, value) => cache.set(key, value),
    get: (key) => cache.get(key),
    keys: () => [...cache.keys()],
  };
}

cacheContract({
  name: 'Map',
  library: 'Map',
  create: () => subject(new Map<string, unknown>()),
  order: ['key-0', 'key-1', 'key-2', 'key-3'],
  isCounted: false,
});

for (const version of ['7', '8', '9', '10', '11.2', '11']) {
  cacheContract({
    name: `lru-cache ${version}`,
    library: 'lru-cache',
    skip,
    create: () => subject(new (exported(`lru-cache-${version}`, 'LRUCache') as Constructor)({ max: 1000 })),
    order: ['key-1', 'key-2', 'key-3', 'key-0'],
    limitEntries: 1000,
    isCounted: true,
  });
}

for (const version of ['quick-lru-5', 'quick-lru']) {
  cacheContract({
    name: version,
    library: 'quick-lru',
    skip,
    create: () => subject(new (exported(version) as Constructor)({ maxSize: 1000 })),
    order: version === 'quick-lru' ? ['key-0', 'key-1', 'key-2'] : ['key-0', 'key-1', 'key-2', 'key-3'],
    limitEntries: 1000,
    isCounted: true,
    isBatched: version === 'quick-lru',
  });
}

cacheContract({
  name: 'node-cache',
  library: 'node-cache',
  skip,
  create() {
    const cache = new (exported('node-cache') as new () => Synchronous)();
    return { ...subject(cache), keys: () => [...cache.keys()] };
  },
  order: ['key-0', 'key-1', 'key-2', 'key-3'],
  isCounted: true,
});

cacheContract({
  name: 'CacheableMemory with a maximum',
  library: '@cacheable/memory',
  skip,
  create: () => cacheableMemory({ lruSize: 1000 }),
  order: ['key-1', 'key-2', 'key-3', 'key-0'],
  limitEntries: 1000,
  isCounted: true,
});

cacheContract({
  name: 'CacheableMemory in one part',
  library: '@cacheable/memory',
  skip,
  create: () => cacheableMemory({ storeHashSize: 1, stats: true }),
  order: ['key-0', 'key-1', 'key-2', 'key-3'],
  isCounted: true,
});

for (const version of ['keyv-4', 'keyv-5', 'keyv']) {
  const Keyv = (): Constructor => exported(version, 'Keyv') as Constructor;
  cacheContract({
    name: `${version} over a Map`,
    library: 'keyv',
    skip,
    create() {
      const store = new Map<string, unknown>();
      return { ...subject(new (Keyv())({ store })), keys: () => withoutNamespace(store.keys()) };
    },
    order: ['key-0', 'key-1', 'key-2', 'key-3'],
    isCounted: true,
  });
  cacheContract({
    name: `${version} over an lru-cache`,
    library: 'keyv',
    skip,
    create() {
      const store = new (exported('lru-cache-11', 'LRUCache') as Constructor)({ max: 1000 });
      return { ...subject(new (Keyv())({ store })), keys: () => withoutNamespace(store.keys()) };
    },
    order: ['key-1', 'key-2', 'key-3', 'key-0'],
    limitEntries: 1000,
    isCounted: true,
  });
}

cacheContract({
  name: 'cacheable',
  library: 'cacheable',
  skip,
  create() {
    const cache = new (exported('cacheable', 'Cacheable') as Constructor)({});
    const memory = (cache as unknown as { primary: { store: { store: Synchronous & { keys: Iterable<string> } } } })
      .primary.store.store;
    return { ...subject(cache), keys: () => [...memory.keys] };
  },
  isCounted: true,
});

cacheContract({
  name: 'cache-manager',
  library: 'cache-manager',
  skip,
  create() {
    const cache = (exported('cache-manager', 'createCache') as () => Synchronous)();
    const [store] = (cache as unknown as { stores: readonly { store: Map<string, unknown> }[] }).stores;
    return { ...subject(cache), keys: () => withoutNamespace(store?.store.keys() ?? []) };
  },
  order: ['key-0', 'key-1', 'key-2', 'key-3'],
  isCounted: true,
});

type Constructor = new (options: object) => Synchronous;

/** By its name, as the default, or as the module itself. */
function exported(module: string, name = 'default'): unknown {
  const loaded = load(module) as Record<string, unknown>;
  return loaded[name] ?? loaded['default'] ?? loaded;
}

function cacheableMemory(options: object): Subject {
  const cache = new (exported('cacheable', 'CacheableMemory') as Constructor)(options);
  const keys = (): readonly string[] => [...(cache as unknown as { keys: Iterable<string> }).keys];
  return { ...subject(cache), keys };
}

function withoutNamespace(keys: Iterable<string>): readonly string[] {
  return [...keys].map((key) => key.replace(/^keyv::?/, ''));
}
