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
    create() {
      const loaded = load(`lru-cache-${version}`) as { LRUCache?: unknown };
      const LruCache = (loaded.LRUCache ?? loaded) as new (options: { max: number }) => Synchronous;
      return subject(new LruCache({ max: 1000 }));
    },
    order: ['key-1', 'key-2', 'key-3', 'key-0'],
    limitEntries: 1000,
    isCounted: true,
  });
}
