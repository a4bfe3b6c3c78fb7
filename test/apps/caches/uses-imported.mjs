import { createCache } from 'cache-manager';
import { caching } from 'cache-manager-5';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import Keyv4 from 'keyv-4';
import { Keyv as Keyv5 } from 'keyv-5';
import { LRUCache as LRUCache10 } from 'lru-cache-10';
import { LRUCache as LRUCache11 } from 'lru-cache-11';
import { LRUCache as LRUCache112 } from 'lru-cache-11.2';
import LRUCache7 from 'lru-cache-7';
import LRUCache8 from 'lru-cache-8';
import { LRUCache as LRUCache9 } from 'lru-cache-9';
import NodeCache from 'node-cache';
import QuickLRU from 'quick-lru';
import QuickLRU5 from 'quick-lru-5';

import { use } from './caches-in-use.cjs';

const max = 100;

await use([
  ['lru-cache', new LRUCache7({ max })],
  ['lru-cache', new LRUCache8({ max })],
  ['lru-cache', new LRUCache9({ max })],
  ['lru-cache', new LRUCache10({ max })],
  ['lru-cache', new LRUCache112({ max })],
  ['lru-cache', new LRUCache11({ max })],
  ['quick-lru', new QuickLRU({ maxSize: max })],
  ['quick-lru', new QuickLRU5({ maxSize: max })],
  ['node-cache', new NodeCache()],
  ['keyv', new Keyv()],
  ['keyv', new Keyv5()],
  ['keyv', new Keyv4()],
  ['cacheable', new Cacheable()],
  ['keyv', createCache()],
  ['lru-cache', await caching('memory', { max })],
]);
