/** A method that is watched for a while does what it does unwatched, and is afterwards what it was before. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { watchMethod } from '../../../instrumentation/discovery/prototypes.ts';

function scene() {
  class Cache {
    readonly #entries = new Map<unknown, unknown>();
    set(key: unknown, value: unknown = 'nothing'): this {
      if (key === 'bad') throw new TypeError('bad key');
      this.#entries.set(key, value);
      return this;
    }
    get size(): number {
      return this.#entries.size;
    }
    argumentCount(...args: unknown[]): number {
      return args.length;
    }
  }
  const seen: unknown[] = [];
  const before = Object.getOwnPropertyDescriptors(Cache.prototype);
  const watch = (name: string) => watchMethod(Cache.prototype, name, (instance) => seen.push(instance));
  return { Cache, seen, before, watch };
}

test('calls are told of only while it looks, whoever made the instance and when', () => {
  const { Cache, seen, watch } = scene();
  const cache = new Cache();
  class Subclass extends Cache {
    override set(key: unknown): this {
      return super.set(key);
    }
  }
  const watched = watch('set');
  cache.set('before');
  watched.open();
  cache.set('during');
  const subclass = new Subclass().set('during');
  watched.close();
  cache.set('after');
  watched.open();
  cache.set('again');
  watched.close();
  assert.deepEqual(seen, [cache, subclass, cache]);
});

test('arguments, answer, what is thrown, name, length and private fields are as they were', () => {
  const { Cache, watch } = scene();
  const { name, length } = Cache.prototype.set;
  for (const method of ['set', 'argumentCount']) watch(method).open();
  const cache = new Cache();
  assert.equal(cache.set('key'), cache);
  assert.equal(cache.size, 1);
  assert.equal(cache.argumentCount(undefined, undefined), 2);
  assert.throws(() => cache.set('bad'), { name: 'TypeError', message: 'bad key' });
  assert.deepEqual([Cache.prototype.set.name, Cache.prototype.set.length], [name, length]);
  assert.deepEqual(Object.keys(Cache.prototype), []);
});

test('when it stops looking, the prototype is what it was', () => {
  const { Cache, before, watch } = scene();
  const watched = watch('set');
  watched.open();
  watched.open();
  assert.notEqual(Cache.prototype.set, before.set.value);
  watched.close();
  watched.close();
  assert.deepEqual(Object.getOwnPropertyDescriptors(Cache.prototype), before);
});

test('a method that somebody wraps meanwhile keeps their wrapper, and is watched again around it', () => {
  const { Cache, seen, watch } = scene();
  const watched = watch('set');
  watched.open();
  const { set } = Cache.prototype;
  let theirs = 0;
  Cache.prototype.set = function wrapped(...args) {
    theirs++;
    return set.apply(this, args);
  };
  const wrapped = Cache.prototype.set;
  watched.close();
  assert.equal(Cache.prototype.set, wrapped);
  const cache = new Cache().set('key');
  assert.deepEqual([theirs, seen], [1, []]);
  watched.open();
  cache.set('key');
  watched.close();
  assert.equal(theirs, 2);
  assert.ok(seen.includes(cache));
  assert.equal(Cache.prototype.set, wrapped);
});

test('what cannot be watched is left alone: a frozen prototype, a method that is inherited, one that is not there', () => {
  const { Cache, seen, watch } = scene();
  class Subclass extends Cache {}
  const watched = [
    watchMethod(Subclass.prototype, 'set', (instance) => seen.push(instance)),
    watch('clear'),
    watchMethod(Object.freeze({ set: () => 'frozen' }), 'set', (instance) => seen.push(instance)),
  ];
  for (const one of watched) one.open();
  new Subclass().set('key');
  for (const one of watched) one.close();
  assert.deepEqual(seen, []);
  assert.deepEqual(Object.getOwnPropertyNames(Subclass.prototype), ['constructor']);
});
