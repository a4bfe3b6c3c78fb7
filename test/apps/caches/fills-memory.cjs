/** 100 MB in a cache that nothing else limits, and one entry that is put again and again, until its stdin ends. It says what is left. */
const { LRUCache } = require('lru-cache-11');

const cache = new LRUCache({ max: 100_000 });
for (let key = 0; key < 1000; key++) cache.set(key, Buffer.alloc(100_000, key));
const timer = setInterval(() => cache.set(0, Buffer.alloc(100_000, 1)), 20);
process.stdin.on('end', () => {
  clearInterval(timer);
  console.log(cache.size);
});
process.stdin.resume();
