/** `lru-cache` in each of its versions: what expired goes first, its owner is told, what is being fetched stays. */
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';

import { cacheClass, follow, NEVER, noLibraries, type Cache } from '../../helpers/follow-cache.ts';

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

for (const version of ['7', '8', '9', '10', '11.2', '11']) {
  suite(`lru-cache ${version}`, { skip: noLibraries }, () => {
    interface Lru extends Cache {
      readonly size: number;
      keys(): Iterable<string>;
      fetch(key: string): Promise<unknown>;
      has(key: string): boolean;
      getRemainingTTL(key: string): number;
    }
    const create = (options: object): Lru => new (cacheClass<Lru>(`lru-cache-${version}`, 'LRUCache'))(options);

    test('what is expired goes first, however recently it was used', async () => {
      const cache = create({ max: 10 });
      for (const key of ['a', 'b', 'c']) cache.set(key, {});
      cache.set('short', {}, { ttl: 1 });
      await until(() => cache.getRemainingTTL('short') < -1);
      const { evict } = follow(cache);
      assert.equal(evict(1, NEVER).entries, 1);
      assert.deepEqual([...cache.keys()].toSorted(), ['a', 'b', 'c']);
    });

    test('what is expired and was not removed is counted and measured', async () => {
      const cache = create({ max: 10, ttl: 1 });
      for (const key of ['a', 'b', 'c']) cache.set(key, Buffer.alloc(10_000));
      await until(() => cache.getRemainingTTL('c') < -1);
      const { status, evict } = follow(cache);
      const { entries, bytes } = status();
      assert.ok(entries === 3 && bytes > 30_000 && bytes < 32_000, `${bytes}`);
      assert.ok(evict(Infinity, NEVER).bytes > 30_000);
      assert.equal(cache.size, 0);
    });

    test('its owner is told of each entry, as of one that was pushed out', () => {
      const disposed: unknown[] = [];
      const cache = create({
        max: 10,
        dispose: (_value: unknown, key: string, reason: string) => disposed.push([key, reason]),
      });
      for (const key of ['a', 'b', 'c']) cache.set(key, {});
      follow(cache).evict(Infinity, NEVER);
      const last = version === '7' ? 'delete' : 'evict';
      assert.deepEqual(disposed, [
        ['a', 'evict'],
        ['b', 'evict'],
        ['c', last],
      ]);
    });

    test('an owner that fills it again, or empties it, while it is told', () => {
      const cache: Lru = create({
        max: 10,
        dispose(_value: unknown, key: string) {
          if (key === 'a') cache.set('again', {});
        },
      });
      for (const key of ['a', 'b', 'c']) cache.set(key, {});
      const { evict, status } = follow(cache);
      evict(Infinity, NEVER);
      assert.equal(status().entries, cache.size);
      for (let key = 0; key < 30; key++) cache.set(`key-${key}`, key);
      assert.equal(cache.size, 10);
      for (let key = 20; key < 30; key++) assert.equal(cache.get(`key-${key}`), key);
    });

    test('what is being fetched stays: somebody waits for it', async () => {
      let answer = (_value: unknown): void => {};
      const cache = create({ max: 10, fetchMethod: () => new Promise((resolve) => (answer = resolve)) });
      const fetched = cache.fetch('slow');
      for (const key of ['a', 'b', 'c']) cache.set(key, {});
      const { evict, status } = follow(cache);
      assert.equal(evict(Infinity, NEVER).entries, 3);
      assert.equal(status().counts.hit, Number.NaN, 'hits of fetch are not seen by get');
      answer('fetched');
      assert.equal(await fetched, 'fetched');
      assert.equal(cache.get('slow'), 'fetched');
    });

    test('its own account is taken for bytes where it is one', () => {
      const sizes = {
        bytes: { sizeCalculation: (value: Buffer) => value.length, maxSize: 1e9 },
        entries: { sizeCalculation: () => 1, maxSize: 1e9 },
      };
      for (const [unit, options] of Object.entries(sizes)) {
        const cache = create(options);
        for (let key = 0; key < 100; key++) cache.set(`key-${key}`, Buffer.alloc(10_000));
        const { status, evict } = follow(cache);
        const { bytes, sizeSource, limit } = status();
        assert.deepEqual([sizeSource, limit.bytes], unit === 'bytes' ? ['own', 1e9] : ['sampled', undefined]);
        assert.ok(bytes >= 1_000_000 && bytes < 1_100_000);
        const evicted = evict(100_000, NEVER);
        assert.equal(evicted.entries, 10);
        if (unit === 'bytes') assert.equal(evicted.bytes, 100_000);
      }
    });

    test('answers are those of the library while its gets are counted', () => {
      const [plain, counted] = [create({ max: 2 }), create({ max: 2 })];
      const { takeBack, status } = follow(counted);
      const use = (cache: Lru): unknown[] => [
        cache.set('a', undefined) === cache,
        cache.set('b', 2) === cache,
        cache.get('b', { updateAgeOnGet: true }),
        cache.get('a'),
        cache.get('none'),
        cache.has('a'),
        cache.get.length <= 2,
        Object.keys(cache).length,
        [...cache.keys()],
      ];
      assert.deepEqual(use(counted), use(plain));
      assert.deepEqual([status().counts.hit, status().counts.miss], [1, 2]);
      takeBack();
      assert.equal(Object.hasOwn(counted, 'get'), false);
    });
  });
}
