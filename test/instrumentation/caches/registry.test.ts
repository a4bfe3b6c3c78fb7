/** Which caches are followed, under which names, and for how long. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';

import type { CacheOptions } from '../../../agent/model/cache.ts';
import { createCacheRegistry } from '../../../instrumentation/caches/index.ts';
import { appIn } from '../../../scripts/install-apps.ts';
import { collectGarbage } from '../../helpers/collect-garbage.ts';

const { folder, skip } = appIn('caches');
const load = createRequire(join(folder, 'package.json'));

function openRegistry() {
  const problems: string[] = [];
  const registry = createCacheRegistry({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onProblem: ({ code, message }) => problems.push(`${code} ${message}`),
  });
  return { ...registry, problems, names: () => registry.statuses().map(({ name }) => name) };
}

test('a second cache of a name gets a number, and a name is free again when its cache is taken back', () => {
  const { register, names } = openRegistry();
  const takeBack = register(new Map(), { name: 'users' });
  register(new Map(), { name: 'users' });
  register(new Map(), { name: 'users' });
  assert.deepEqual(names(), ['users', 'users-2', 'users-3']);
  takeBack();
  takeBack();
  register(new Map(), { name: 'users' });
  assert.deepEqual(names(), ['users-2', 'users-3', 'users']);
});

test('registered again, a cache has its newer name and is followed once', () => {
  const { register, names, followed } = openRegistry();
  const cache = new Map([['key', 'value']]);
  const takeBackOlder = register(cache, { name: 'older' });
  register(cache, { name: 'newer', priority: 'last' });
  takeBackOlder();
  assert.deepEqual(names(), ['newer']);
  assert.deepEqual(
    followed(false).map(({ priority }) => priority),
    ['last'],
  );
});

test('registered again and again, a cache has one function of ours, and none when it is taken back', { skip }, () => {
  const { register, statuses } = openRegistry();
  const { LRUCache } = load('lru-cache-11') as { LRUCache: new (options: object) => Map<string, number> };
  const cache = new LRUCache({ max: 2 });
  const own = cache.get;
  const takeBack = [1, 2, 3].map(() => register(cache, { name: 'lru' })).at(-1);
  cache.set('key', 1);
  assert.equal(cache.get('key'), 1);
  assert.equal(statuses()[0]?.counts.hit, 1);
  takeBack?.();
  assert.equal(cache.get, own);
});

test('what is found is followed only where that is asked for, named by its library, and once', () => {
  const { discover, followed, statuses } = openRegistry();
  const caches = [new Map([[1, 1]]), new Map([[2, 2]])];
  for (const cache of [...caches, ...caches]) discover(cache, 'Map');
  assert.deepEqual(followed(false), []);
  assert.deepEqual(
    followed(true).map(({ name }) => name),
    ['Map-1', 'Map-2'],
  );
  assert.ok(statuses().every(({ isDiscovered, entries }) => isDiscovered && entries === 1));
});

test('a registered cache wins over its discovery, whichever came first', () => {
  const { register, discover, statuses } = openRegistry();
  const [first, second] = [new Map(), new Map()];
  discover(first, 'Map');
  register(first, { name: 'first' });
  register(second, { name: 'second' });
  discover(second, 'Map');
  assert.deepEqual(
    statuses().map(({ name, isDiscovered }) => [name, isDiscovered]),
    [
      ['first', false],
      ['second', false],
    ],
  );
});

test('a keyv and the store under it are one cache; one that was only found is left alone', { skip }, () => {
  const { register, discover, followed, names } = openRegistry();
  const { default: Keyv } = load('keyv-5') as { default: new (options: object) => object };
  const store = new Map();
  const keyv = new Keyv({ store });
  discover(keyv, 'keyv');
  assert.deepEqual(
    followed(true).map(({ name, priority }) => [name, priority]),
    [['keyv-1', 'never']],
  );
  register(store, { name: 'sessions' });
  assert.deepEqual(names(), ['sessions']);
});

test('what is found is not kept alive', async () => {
  const { discover, followed, statuses, problems } = openRegistry();
  const held = (() => {
    const cache = new Map([['key', { text: 'x'.repeat(1000) }]]);
    discover(cache, 'Map');
    statuses();
    followed(true)[0]?.status();
    const [only] = followed(true);
    only?.evict(1, () => false);
    return only;
  })();
  assert.equal(followed(true).length, 1);
  for (let turn = 0; turn < 10 && followed(true).length > 0; turn++) {
    // what a WeakRef answered lives until the turn ends
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  assert.deepEqual(followed(true), []);
  assert.deepEqual(statuses(), []);
  assert.deepEqual(
    held?.evict(Infinity, () => false),
    { entries: 0, bytes: 0 },
  );
  assert.equal(held?.status().name, 'Map-1');
  assert.deepEqual(problems, [], 'whoever still asks for it is answered, and nothing is wrong');
});

test('past 64 names caches are told together as _other, which is said once; memory is taken from each', () => {
  const { register, statuses, followed, problems } = openRegistry();
  for (let number = 0; number < 70; number++) {
    register(new Map([['key', Buffer.alloc(1000)]]), { name: `tenant-${number}` });
  }
  const told = statuses();
  assert.equal(told.length, 65);
  assert.deepEqual([told.at(-1)?.name, told.at(-1)?.entries], ['_other', 6]);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /^PLM_CACHE_NAMES .*tenant-64.*_other/);
  assert.equal(followed(false).length, 70);
  assert.equal(
    followed(false).reduce((sum, cache) => sum + cache.evict(Infinity, () => false).entries, 0),
    70,
  );
  assert.equal(statuses().at(-1)?.counts.evictions.pressure, 6);
});

const REMOTE = {
  get() {},
  set() {},
  delete() {},
  clear() {},
  has() {},
  disconnect() {},
  opts: { store: { url: 'redis:' } },
};

for (const [what, cache, expected] of [
  ['nothing', undefined, /given a undefined/],
  ['null', null, /given null/],
  ['a text', 'cache', /given a string/],
  ['a plain object', {}, /none of cache-manager, cacheable, keyv, .*Map.*CacheContract/],
  ['a WeakMap', new WeakMap(), /none of/],
  ['a keyv whose entries are elsewhere', REMOTE, /a keyv over .*not to be reached in this process/],
  [
    'something that throws when looked at',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    ),
    /cannot be looked at \(no\)/,
  ],
] as const) {
  test(`${what} is not followed, which is told`, () => {
    const { register, problems, statuses } = openRegistry();
    assert.doesNotThrow(register(cache, { name: 'name' }));
    assert.deepEqual(statuses(), []);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^PLM_CACHE_UNSUPPORTED registerCache was given/);
    assert.match(problems[0] ?? '', expected);
  });
}

test('an older cache-manager says that its store is not to be reached', { skip }, async () => {
  const { register, problems } = openRegistry();
  const { caching } = load('cache-manager-5') as { caching(store: string): Promise<object> };
  register(await caching('memory'), { name: 'name' });
  assert.match(problems[0] ?? '', /older than version 6/);
});

test('wrong options are told, and what is used instead', () => {
  const { register, problems, statuses } = openRegistry();
  register(new Map(), { priority: 'soon' } as unknown as CacheOptions);
  assert.deepEqual(
    statuses().map(({ name, priority }) => [name, priority]),
    [['Map', 'normal']],
  );
  assert.match(problems.join('\n'), /PLM_CACHE_OPTION .*no name.*"Map" is used/);
  assert.match(
    problems.join('\n'),
    /PLM_CACHE_OPTION .*priority soon, must be one of first, normal, last, never\. normal is used/,
  );
});

test('looking what a cache is runs no getter that warns', { skip }, () => {
  const { register } = openRegistry();
  const LruCache = load('lru-cache-7') as new (options: object) => object;
  const asked = new Set<PropertyKey>();
  const watched = new Proxy(new LruCache({ max: 1 }), {
    get(target, name) {
      asked.add(name);
      return Reflect.get(target, name, target) as unknown;
    },
  });
  register(watched, { name: 'lru' });
  assert.deepEqual(
    ['del', 'prune', 'reset', 'length'].filter((name) => asked.has(name)),
    [],
  );
});

test('a thousand caches: a sample looks at them for a fraction of a millisecond, and at all of them in turn', () => {
  const { register, statuses, followed } = openRegistry();
  const caches = Array.from({ length: 1000 }, () => new Map<number, unknown>());
  for (const [number, cache] of caches.entries()) register(cache, { name: `cache-${number}` });
  for (const cache of caches) for (let key = 0; key < 20; key++) cache.set(key, { text: 'x'.repeat(100), key });
  const tookMs = Array.from({ length: 400 }, () => {
    const startMs = performance.now();
    statuses();
    return performance.now() - startMs;
  }).toSorted((a, b) => a - b);
  assert.ok((tookMs[200] ?? Infinity) < 1, `${tookMs[200]} ms`);
  const seen = (): number => statuses().reduce((sum, { entries }) => sum + entries, 0);
  for (let more = 0; more < 4_000 && seen() < 20_000; more++);
  assert.equal(seen(), 20_000);
  assert.equal(followed(false).length, 1000);
});
