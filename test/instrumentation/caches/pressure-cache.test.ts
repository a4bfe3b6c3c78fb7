/** The memory tier: a plain cache, with tiers in its keys. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LRUCache } from 'lru-cache';

import { openCaches } from '../../../agent/model/open-cache.ts';
import type { Problem } from '../../../agent/model/problem.ts';
import { createPressureCaches } from '../../../instrumentation/caches/pressure-cache.ts';
import { idOf } from '../../../instrumentation/caches/pressure-cache-memory.ts';
import { plainCacheContract } from '../../contracts/plain-cache.ts';
import { createLevelAgent } from '../../helpers/level-agent.ts';
import { createTestParts } from '../../helpers/pressure-cache-parts.ts';

const parts = createTestParts();
const agent = createLevelAgent();
const pressureCache = createPressureCaches(parts);
const underAgent = createPressureCaches({ ...parts, findAgent: () => agent.handle });
let names = 0;
const name = (): string => `cache-${(names += 1)}`;

function told(work: () => void): readonly Problem[] {
  parts.problems.length = 0;
  work();
  return [...parts.problems];
}

describe('an lru-cache', () => {
  plainCacheContract({
    create(maxEntries) {
      const lru = new LRUCache<string, object>({ max: maxEntries });
      return {
        get: (key) => lru.get(key),
        put: (key, value) => lru.set(key, value as object),
        delete: (key) => lru.delete(key),
        clear: () => lru.clear(),
        entries: () => lru.size,
        close() {},
      };
    },
  });
});

describe('a pressure cache without an agent', () => {
  plainCacheContract({
    create(maxEntries) {
      const cache = pressureCache({ name: name(), maxEntries });
      return { ...cache, entries: () => cache.stats().entries };
    },
  });
});

describe('a pressure cache at normal', () => {
  plainCacheContract({
    create(maxEntries) {
      const cache = underAgent({ name: name(), maxEntries });
      return { ...cache, entries: () => cache.stats().entries };
    },
  });
});

describe('a pressure cache', () => {
  test('keeps the tiers apart, whatever their names and keys are', () => {
    const texts = ['', 'a', ':', '1:a', '\u0000', '\u00001:ab', 'default', '\u00007:default', '7:defaulta'];
    const pairs = texts.flatMap((tier) => texts.map((key) => ({ tier, key })));
    assert.equal(new Set(pairs.map(({ tier, key }) => idOf(key, tier))).size, pairs.length);
    const cache = pressureCache<object>({ name: name(), maxEntries: 1000 });
    for (const pair of pairs) cache.put(pair.key, pair, pair.tier);
    for (const pair of pairs) assert.deepEqual(cache.get(pair.key, pair.tier), pair);
    for (const key of texts) assert.deepEqual(cache.get(key), { tier: 'default', key });
    assert.deepEqual(
      cache
        .details(1000)
        .map(({ tier, key }) => idOf(key, tier))
        .toSorted(),
      pairs.map(({ tier, key }) => idOf(key, tier)).toSorted(),
    );
  });

  test('is the same one while its name is in use, and another after it was closed', () => {
    const of = name();
    const first = pressureCache({ name: of, maxEntries: 2 });
    first.put('a', 1);
    assert.equal(pressureCache({ name: of, maxEntries: 9 }), first);
    first.close();
    first.put('b', 2);
    assert.deepEqual([first.get('a'), first.get('b'), first.stats().entries], [undefined, undefined, 0]);
    const second = pressureCache({ name: of, maxEntries: 9 });
    assert.notEqual(second, first);
    first.close();
    assert.equal(openCaches().get(`memory:${of}`)?.cache, second);
  });

  test('counts what it answered and why entries left', () => {
    const cache = pressureCache({ name: name(), maxEntries: 2, ttlMs: 1_000_000 });
    cache.put('a', 1);
    cache.put('b', 2);
    cache.put('c', 3);
    assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, 2, 3]);
    cache.delete('b');
    assert.deepEqual(cache.clear().entries, 1);
    const { hits, misses, expired, hitRatio, evictions } = cache.stats();
    assert.deepEqual({ hits, misses, expired }, { hits: 2, misses: 1, expired: 0 });
    assert.equal(hitRatio, 2 / 3);
    assert.deepEqual(evictions, { capacity: 1, ttl: 0, pressure: 0, manual: 2 });
  });

  test('holds no more bytes than it may, by the size that its owner says', () => {
    const cache = pressureCache<Buffer>({
      name: name(),
      maxEntries: 100,
      maxBytes: 1000,
      sizeOf: (value) => (value as Buffer).length,
    });
    for (let index = 0; index < 20; index += 1) cache.put(String(index), Buffer.alloc(100));
    assert.deepEqual([cache.stats().entries, cache.stats().bytes], [10, 1000]);
    cache.put('too large', Buffer.alloc(1001));
    assert.equal(cache.get('too large'), undefined);
    assert.equal(cache.stats().entries, 10);
  });

  test('a sizeOf that throws or answers nonsense is as if there were none', () => {
    for (const sizeOf of [
      () => Number.NaN,
      () => -1,
      () => {
        throw new Error('bug');
      },
    ]) {
      // prettier-ignore
      const cache = pressureCache({ name: name(), maxEntries: 10, maxBytes: 1e6, sizeOf });
      cache.put('a', 'x'.repeat(1000));
      assert.equal(cache.stats().entries, 1);
    }
  });

  test('says each nonsense among its options in a line, and takes the named sizes', () => {
    const nonsense = { name: name(), maxEntries: 0, size: 'huge', ttlMs: '5s', maxBytes: -1 } as unknown as {
      name: string;
    };
    const found = told(() => pressureCache(nonsense));
    assert.deepEqual(new Set(found.map(({ code }) => code)), new Set(['PLM_CACHE_OPTIONS']));
    assert.deepEqual(
      ['size is huge', 'maxEntries is 0', 'maxBytes is -1', 'ttlMs is "5s"'].filter(
        (what) => !found.some(({ message }) => message.includes(what)),
      ),
      [],
    );
    const sizes = { development: 100, staging: 500, production: 2000, constrained: 200 } as const;
    for (const size of ['development', 'staging', 'production', 'constrained'] as const) {
      assert.equal(pressureCache({ name: name(), size }).stats().maxEntries, sizes[size]);
    }
  });

  test('a key that is no text is refused once with a line, and harms nothing', () => {
    const cache = pressureCache({ name: name(), maxEntries: 10 });
    const found = told(() => {
      for (const key of [1, null, undefined, {}, Symbol('key')] as unknown as string[]) {
        cache.put(key, 'value');
        assert.equal(cache.get(key), undefined);
        assert.equal(cache.delete(key), false);
        cache.put('a', 'value', key === undefined ? '' : key);
      }
    });
    assert.deepEqual(
      found.map(({ code }) => code),
      ['PLM_CACHE_OPTIONS'],
    );
    assert.equal(cache.stats().entries, 1);
  });
});
