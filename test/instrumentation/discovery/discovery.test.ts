/** When it looks, what it makes of what it sees, and that it gives up whatever harms. Timers are called by the test. */
import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import Module from 'node:module';
import test, { type TestContext } from 'node:test';

import { createDiscovery, type DiscoveryParts } from '../../../instrumentation/discovery/index.ts';

const METRICS = channel('lru-cache:metrics');

/** As `require` leaves a module of an application. */
function requireModule(t: TestContext, path: string, exports: unknown): void {
  const { _cache: table } = Module as unknown as { _cache: Record<string, unknown> };
  table[path] = { loaded: true, exports };
  t.after(() => delete table[path]);
}

class LRUCache {
  set(): void {}
  get(): void {}
  purgeStale(): void {}
}

class QuickLRU {
  set(): void {}
  get(): void {}
  peek(): void {}
  clear(): void {}
}

function scene(t: TestContext, parts: Partial<DiscoveryParts> = {}) {
  const timers: { callback: () => void; ms: number; isCancelled: boolean }[] = [];
  const found: (readonly [unknown, string])[] = [];
  const discovery = createDiscovery({
    imports: undefined,
    mayWatchReads: false,
    found: (cache, library) => found.push([cache, library]),
    setTimer(callback, ms) {
      const timer = { callback, ms, isCancelled: false };
      timers.push(timer);
      return () => (timer.isCancelled = true);
    },
    ...parts,
  });
  t.after(discovery.stop);
  return {
    discovery,
    found,
    /** The only timer that is waiting; answers its time. */
    nextTimer(): number {
      const waiting = timers.splice(0).filter(({ isCancelled }) => !isCancelled);
      assert.equal(waiting.length, 1);
      waiting[0]?.callback();
      return waiting[0]?.ms ?? Number.NaN;
    },
  };
}

test('it looks for half a second every ten, at first more often, and finds each cache once', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  const { found, nextTimer } = scene(t);
  const [first, second, third] = [new LRUCache(), new LRUCache(), new LRUCache()];
  first.set();
  first.set();
  assert.equal(nextTimer(), 500);
  second.set();
  assert.equal(nextTimer(), 1000);
  first.set();
  third.set();
  assert.deepEqual(found, [
    [first, 'lru-cache'],
    [third, 'lru-cache'],
  ]);
  const waits = Array.from({ length: 10 }, nextTimer);
  assert.deepEqual(waits, [500, 2000, 500, 4000, 500, 8000, 500, 9500, 500, 9500]);
});

test('a library that is required later is found at a later look', (t) => {
  const { found, nextTimer } = scene(t);
  requireModule(t, '/app/node_modules/quick-lru/index.js', { default: QuickLRU });
  const cache = new QuickLRU();
  cache.set();
  nextTimer();
  nextTimer();
  cache.set();
  assert.deepEqual(found, [[cache, 'quick-lru']]);
});

test('reads are left alone in every look of its own', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  const { get } = LRUCache.prototype;
  const { nextTimer } = scene(t, { mayWatchReads: true });
  assert.equal(LRUCache.prototype.get, get);
  assert.equal(METRICS.hasSubscribers, false);
  nextTimer();
  nextTimer();
  assert.equal(LRUCache.prototype.get, get);
  assert.equal(METRICS.hasSubscribers, false);
});

test('when memory runs short, a cache that is only read is found, where that may be', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  for (const mayWatchReads of [false, true]) {
    const { discovery, found } = scene(t, { mayWatchReads });
    const cache = new LRUCache();
    discovery.lookHard();
    cache.get();
    assert.deepEqual(found, mayWatchReads ? [[cache, 'lru-cache']] : []);
    discovery.stop();
  }
});

test('an imported class that is known only in a later turn of a look is watched as hard', async (t) => {
  const url = 'file:///app/node_modules/quick-lru/index.js';
  const { discovery, found } = scene(t, {
    mayWatchReads: true,
    imports: { urls: new Set([url]), load: async () => ({ default: QuickLRU }) },
  });
  discovery.lookHard();
  await new Promise(setImmediate);
  const cache = new QuickLRU();
  cache.get();
  assert.deepEqual(found, [[cache, 'quick-lru']]);
});

test('an import that fails is of no consequence', async (t) => {
  const { found } = scene(t, {
    imports: {
      urls: new Set(['file:///app/node_modules/keyv/index.js']),
      load: async () => await Promise.reject(new Error('not loaded')),
    },
  });
  await new Promise(setImmediate);
  assert.deepEqual(found, []);
});

test('reads of a class that was found by what is put into it are left alone when memory runs short too', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  const { get } = LRUCache.prototype;
  const { discovery } = scene(t, { mayWatchReads: true });
  new LRUCache().set();
  discovery.lookHard();
  assert.equal(LRUCache.prototype.get, get);
  assert.equal(METRICS.hasSubscribers, false);
});

test('when memory runs short, the channel of lru-cache tells of caches whose class is nowhere to be found', (t) => {
  const { discovery, found, nextTimer } = scene(t, { mayWatchReads: true });
  discovery.lookHard();
  const bundled = {};
  METRICS.publish({ op: 'get', cache: bundled, key: 'a', value: 'b' });
  METRICS.publish({ op: 'get', cache: bundled });
  METRICS.publish('nonsense');
  METRICS.publish({ cache: 'nonsense' });
  assert.deepEqual(found, [[bundled, 'lru-cache']]);
  nextTimer();
  assert.equal(METRICS.hasSubscribers, false);
});

test('what fails on a new cache is not seen by the application', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  let calls = 0;
  scene(t, {
    found() {
      calls++;
      throw new Error('not understood');
    },
  });
  new LRUCache().set();
  assert.equal(calls, 1);
});

test('an application that makes a cache for each request is followed through a hundred of them', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  const { found, nextTimer } = scene(t);
  for (let request = 0; request < 1000; request++) new LRUCache().set();
  assert.equal(found.length, 100);
  nextTimer();
  nextTimer();
  new LRUCache().set();
  assert.equal(found.length, 101);
});

test('stopped in the middle of a look, everything is as the libraries made it', (t) => {
  requireModule(t, '/app/node_modules/lru-cache/index.js', { LRUCache });
  const before = Object.getOwnPropertyDescriptors(LRUCache.prototype);
  const { discovery } = scene(t, { mayWatchReads: true });
  discovery.lookHard();
  assert.notDeepEqual(Object.getOwnPropertyDescriptors(LRUCache.prototype), before);
  discovery.stop();
  assert.deepEqual(Object.getOwnPropertyDescriptors(LRUCache.prototype), before);
  assert.equal(METRICS.hasSubscribers, false);
});
