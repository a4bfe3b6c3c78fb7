/** What is particular to a library: its callbacks are called, its statistics are understood, what expired goes first. */
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';

import { cacheClass, follow, NEVER, noLibraries, type Cache } from '../../helpers/follow-cache.ts';

test('what somebody else put on a cache stays when ours is taken back', { skip: noLibraries }, () => {
  const cache = new (cacheClass('lru-cache-11', 'LRUCache'))({ max: 2 });
  const { takeBack } = follow(cache);
  const ours = cache.get;
  const theirs = (key: string): unknown => ours.call(cache, key);
  cache.get = theirs;
  takeBack();
  assert.equal(cache.get, theirs);
  cache.set('key', 1);
  assert.equal(cache.get('key'), 1);
});

test('on a cache that was only found nothing is put', { skip: noLibraries }, () => {
  for (const [module, name] of [
    ['lru-cache-11', 'LRUCache'],
    ['quick-lru', 'default'],
    ['node-cache', 'default'],
    ['cacheable', 'CacheableMemory'],
  ] as const) {
    const Cache = cacheClass(module, name);
    const [found, plain] = [new Cache({ max: 1, maxSize: 1 }), new Cache({ max: 1, maxSize: 1 })];
    const { registry } = follow(new Map());
    registry.discover(found, module);
    assert.equal(registry.followed(true).length, 2);
    assert.deepEqual(Object.getOwnPropertyNames(found), Object.getOwnPropertyNames(plain));
    assert.deepEqual(Reflect.get(found, '_eventsCount'), Reflect.get(plain, '_eventsCount'));
  }
});

for (const module of ['quick-lru-5', 'quick-lru']) {
  test(`${module}: its owner is told of each entry`, { skip: noLibraries }, () => {
    const told: unknown[] = [];
    const cache = new (cacheClass(module, 'default'))({
      maxSize: 100,
      onEviction: (key: string, value: unknown) => told.push([key, value]),
    });
    for (let key = 0; key < 5; key++) cache.set(`key-${key}`, key);
    follow(cache, { sizeOf: () => 1 }).evict(3, NEVER);
    assert.deepEqual(told, [
      ['key-0', 0],
      ['key-1', 1],
      ['key-2', 2],
    ]);
  });
}

suite('node-cache', { skip: noLibraries }, () => {
  interface NodeCache extends Cache {
    del(key: string): number;
    keys(): readonly string[];
    flushStats(): void;
    flushAll(): void;
    getStats(): { readonly keys: number };
    on(event: string, listener: (key: string) => void): void;
    has(key: string): boolean;
    listenerCount(event: string): number;
  }
  const create = (): NodeCache => new (cacheClass<NodeCache>('node-cache', 'default'))({ checkperiod: 0 });

  test('what is expired goes first; what is deleted, expired or taken by us is told apart', () => {
    const cache = create();
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, {});
    cache.set('short', {}, 10);
    const deleted: string[] = [];
    cache.on('del', (key) => deleted.push(key));
    const { evict, status, pass, takeBack } = follow(cache);
    cache.del('a');
    pass(11_000);
    evict(1, NEVER);
    assert.deepEqual(deleted, ['a', 'short']);
    assert.deepEqual(cache.keys(), ['b', 'c', 'd']);
    const { evictions } = status().counts;
    assert.deepEqual(evictions, { capacity: 0, ttl: 0, pressure: 1, manual: 1 });
    takeBack();
    assert.equal(cache.listenerCount('expired'), 0);
    assert.equal(cache.listenerCount('del'), 1);
  });

  test('statistics that its owner flushes do not make ours fall, nor the number of entries wrong', () => {
    const cache = create();
    const { status, evict } = follow(cache);
    for (let key = 0; key < 3000; key++) cache.set(`key-${key}`, { key });
    cache.get('key-1');
    assert.equal(status().counts.hit, 1);
    cache.flushStats();
    assert.equal(status().counts.hit, 1);
    cache.get('key-2');
    assert.equal(status().counts.hit, 2);
    assert.equal(evict(Infinity, NEVER).entries, 3000);
    assert.deepEqual(cache.keys(), []);
    cache.set('key', {});
    cache.flushAll();
    assert.equal(status().entries, 0);
  });
});

for (const module of ['keyv-4', 'keyv-5', 'keyv']) {
  test(`${module}: what it answers stays the same`, { skip: noLibraries }, async () => {
    const keyv = new (cacheClass(module, 'Keyv'))({ store: new Map() });
    for (const key of ['a', 'b', 'c']) await keyv.set(key, { key });
    const { evict, status } = follow(keyv);
    evict(1, NEVER);
    const answers = [await keyv.get('a'), await keyv.get('b'), await keyv.get('c')];
    assert.deepEqual(answers, [undefined, { key: 'b' }, { key: 'c' }]);
    assert.deepEqual([status().counts.hit, status().counts.miss], [2, 1]);
  });
}

for (const [name, create] of [
  ['keyv 6', () => new (cacheClass('keyv', 'Keyv'))({ store: new Map() })],
  ['cacheable', () => new (cacheClass('cacheable', 'Cacheable'))({})],
  ['CacheableMemory', () => new (cacheClass('cacheable', 'CacheableMemory'))({ lruSize: 100 })],
] as const) {
  test(`${name}: what is expired goes first`, { skip: noLibraries }, async () => {
    const cache = create();
    for (const key of ['a', 'b']) await cache.set(key, { key });
    await cache.set('short', {}, 10_000);
    const { evict, pass } = follow(cache);
    pass(11_000);
    evict(1, NEVER);
    const answers = [await cache.get('a'), await cache.get('b'), await cache.get('short')];
    assert.deepEqual(answers, [{ key: 'a' }, { key: 'b' }, undefined]);
  });
}

test(
  'cacheable: its second tier is left alone, and answers what was taken from the first',
  { skip: noLibraries },
  async () => {
    const Keyv = cacheClass<object>('keyv-5', 'default');
    const remote = new Map();
    const cache = new (cacheClass('cacheable', 'Cacheable'))({ secondary: new Keyv({ store: remote }) });
    await cache.set('key', { text: 'value' });
    const { evict } = follow(cache);
    assert.equal(evict(Infinity, NEVER).entries, 1);
    assert.equal(remote.size, 1);
    assert.deepEqual(await cache.get('key'), { text: 'value' });
  },
);

test('hits a second are those of the last minute', { skip: noLibraries }, () => {
  const cache = new (cacheClass('lru-cache-11', 'LRUCache'))({ max: 2 });
  const { status, hitsPerSecond, pass } = follow(cache);
  assert.equal(hitsPerSecond(), Number.NaN);
  cache.set('key', 1);
  for (let second = 0; second <= 60; second++) {
    for (let hit = 0; hit < 5; hit++) cache.get('key');
    status();
    pass(1000);
  }
  assert.ok(Math.abs(hitsPerSecond() - 5) < 0.5, `${hitsPerSecond()}`);
  for (let second = 0; second < 80; second++) {
    status();
    pass(1000);
  }
  assert.ok(hitsPerSecond() < 0.01, `${hitsPerSecond()}`);
});

test('the mean cost of an entry is what its owner says', () => {
  const { costMs } = follow(
    new Map([
      [1, 10],
      [2, 30],
    ]),
    { costOf: (value) => value as number },
  );
  assert.equal(costMs(), 20);
  assert.equal(follow(new Map([[1, 10]])).costMs(), 1);
});

test('a Map of another realm is one, and so is a class of the application that extends it', async () => {
  const { runInNewContext } = await import('node:vm');
  class Recent extends Map<number, number> {}
  for (const map of [runInNewContext('new Map([[1, 2]])'), new Recent([[1, 2]])] as readonly Map<number, number>[]) {
    assert.equal(follow(map).evict(Infinity, NEVER).entries, 1);
    assert.equal(map.size, 0);
  }
});
