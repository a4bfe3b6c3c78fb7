const { use } = require('./caches-in-use.cjs');

const max = 100;
const { LRUCache: LRUCache9 } = require('lru-cache-9');
const { LRUCache: LRUCache10 } = require('lru-cache-10');
const { LRUCache: LRUCache11 } = require('lru-cache-11');
const { LRUCache: LRUCache112 } = require('lru-cache-11.2');
const { caching } = require('cache-manager-5');

caching('memory', { max }).then((manager5) =>
  use([
    ['lru-cache', new (require('lru-cache-7'))({ max })],
    ['lru-cache', new (require('lru-cache-8'))({ max })],
    ['lru-cache', new LRUCache9({ max })],
    ['lru-cache', new LRUCache10({ max })],
    ['lru-cache', new LRUCache112({ max })],
    ['lru-cache', new LRUCache11({ max })],
    ['quick-lru', new (require('quick-lru').default)({ maxSize: max })],
    ['quick-lru', new (require('quick-lru-5'))({ maxSize: max })],
    ['node-cache', new (require('node-cache'))()],
    ['keyv', new (require('keyv').Keyv)()],
    ['keyv', new (require('keyv-5').Keyv)()],
    ['keyv', new (require('keyv-4'))()],
    ['cacheable', new (require('cacheable').Cacheable)()],
    ['keyv', require('cache-manager').createCache()],
    ['lru-cache', manager5],
  ]),
);
