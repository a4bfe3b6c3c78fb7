/** What the metrics tell of caches, over the life of a process in which they come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CacheAccounts, CacheStatus } from '../../../agent/model/cache.ts';
import { createCacheAccounts } from '../../../agent/respond/cache-accounts.ts';
import { createPrometheusText } from '../../../exporters/prometheus.ts';
import { parsePrometheus } from '../../helpers/prometheus-text.ts';
import { cacheStatus, ordinarySnapshot } from '../../helpers/snapshot.ts';

const full = createPrometheusText('full');

function used(name: string, bytes: number, hit: number): CacheStatus {
  const { counts } = cacheStatus(name);
  return cacheStatus(name, { bytes, counts: { ...counts, hit } });
}

function names(accounts: CacheAccounts | undefined): readonly string[] {
  return accounts?.named.map(({ name }) => name) ?? [];
}

/** Series of look-ups that hit, by the cache's name. */
function hitsIn(cacheAccounts: CacheAccounts | undefined): Record<string, number> {
  const samples = parsePrometheus(full({ ...ordinarySnapshot(), cacheAccounts })).flatMap((family) => family.samples);
  return Object.fromEntries(
    samples
      .filter(({ labels }) => labels['plimsoll_cache_result'] === 'hit')
      .map(({ labels, value }) => [labels['plimsoll_cache_name'], value]),
  );
}

test('nothing is told of caches while there never was one', () => {
  assert.equal(createCacheAccounts().update([]), undefined);
});

test('the largest caches have names, the others are one', () => {
  const accounts = createCacheAccounts().update([1, 5, 3, 4, 2].map((size) => used(`c${size}`, size, size)));
  assert.deepEqual(names(accounts), ['c5', 'c3', 'c4']);
  assert.equal(accounts?.other.bytes, 3);
  assert.equal(accounts?.all.bytes, 15);
  assert.deepEqual(hitsIn(accounts), { c5: 5, c3: 3, c4: 4, _other: 3 });
});

test('a cache that goes takes its series with it, and no other series falls', () => {
  const caches = createCacheAccounts();
  const all = ['a', 'b', 'c', 'd'].map((name, i) => used(name, 10 - i, 100));
  assert.deepEqual(hitsIn(caches.update(all)), { a: 100, b: 100, c: 100, _other: 100 });
  const left = caches.update(all.slice(1).map(({ name }) => used(name, 5, 101)));
  assert.deepEqual(hitsIn(left), { b: 101, c: 101, d: 1, _other: 100 });
  assert.equal(left?.all.counts.hit, 403);
  const none = caches.update([]);
  assert.deepEqual(hitsIn(none), { _other: 100 });
  assert.equal(none?.all.counts.hit, 403);
  assert.equal(none?.all.bytes, Number.NaN);
});

test('a cache that becomes twice as large as one with a name takes its place, a little larger does not', () => {
  const caches = createCacheAccounts();
  const start = ['a', 'b', 'c'].map((name) => used(name, 10, 1));
  caches.update([...start, used('d', 1, 50)]);
  assert.deepEqual(names(caches.update([...start, used('d', 19, 60)])), ['a', 'b', 'c']);
  const after = caches.update([...start, used('d', 21, 70)]);
  assert.deepEqual(names(after), ['b', 'c', 'd']);
  assert.deepEqual(hitsIn(after), { b: 1, c: 1, d: 10, _other: 60 });
});

test('a cache made anew under its name counts on', () => {
  const caches = createCacheAccounts();
  caches.update([used('a', 1, 100)]);
  assert.equal(caches.update([used('a', 1, 7)])?.all.counts.hit, 107);
});

test('what a cache does not count has no series, and takes none from the others', () => {
  const plain = { ...cacheStatus('plain').counts, hit: Number.NaN };
  const caches = createCacheAccounts();
  assert.deepEqual(hitsIn(caches.update([cacheStatus('plain', { counts: plain })])), {});
  assert.equal(caches.update([cacheStatus('plain', { counts: plain }), used('a', 1, 3)])?.all.counts.hit, 3);
});

test('no more entries than the pressure lets it have are its limit', () => {
  const limit = (changes: Partial<CacheStatus>): number | undefined =>
    createCacheAccounts().update([cacheStatus('a', changes)])?.named[0]?.limitEntries;
  assert.equal(limit({}), 1000);
  assert.equal(limit({ capEntries: 50 }), 50);
  assert.equal(limit({ limit: { entries: undefined, bytes: 5 } }), Number.POSITIVE_INFINITY);
});
