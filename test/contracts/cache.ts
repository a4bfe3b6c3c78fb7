/** What every adapter keeps: it tells the truth about the library's cache, and the application sees no difference. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Adapter } from '../../instrumentation/caches/adapter.ts';
import { createCacheRegistry } from '../../instrumentation/caches/index.ts';

/** The application's side of a cache, by the library's own functions. */
export interface Subject {
  /** As it is given to `registerCache`. */
  readonly cache: unknown;
  set(key: string, value: unknown): unknown;
  get(key: string): unknown;
  /** Without using them: in any order. */
  keys(): readonly string[];
}

export interface CacheContractTest {
  readonly name: string;
  readonly library: string;
  readonly skip?: false | string;
  /** Default: those of the product. */
  readonly adapters?: readonly Adapter[];
  /** A new one, for at least 1000 entries. */
  create(): Subject | Promise<Subject>;
  /** Keys in the order in which they should go, when `key-0` … `key-3` were set and `key-0` was read afterwards; undefined: any. */
  readonly order?: readonly string[];
  readonly limitEntries?: number | undefined;
  /** The library takes several at once, and keeps the last one. */
  readonly isBatched?: boolean;
  /** It tells hits and misses. */
  readonly isCounted: boolean;
}

const NEVER = (): boolean => false;

export function cacheContract({
  name,
  library,
  create,
  order,
  limitEntries,
  isCounted,
  isBatched = false,
  adapters,
  skip = false,
}: CacheContractTest): void {
  const scene = async () => {
    const subject = await create();
    const problems: string[] = [];
    const registry = createCacheRegistry({
      monotonicMs: () => performance.now(),
      wallMs: () => Date.now(),
      onProblem: (problem) => problems.push(problem.message),
      ...(adapters && { adapters }),
    });
    const unregister = registry.register(subject.cache, { name: 'subject' });
    const [followed] = registry.followed(false);
    assert.ok(followed, problems.join());
    return { subject, registry, followed, unregister, problems };
  };
  const fill = async (subject: Subject, count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await subject.set(`key-${index}`, { text: 'x'.repeat(1000), index });
  };

  suite(name, { skip }, () => {
    test('is recognized, and its entries are counted', async () => {
      const { subject, followed, problems } = await scene();
      await fill(subject, 100);
      const { entries, limit, library: told, isDiscovered } = followed.status();
      assert.deepEqual({ entries, told, isDiscovered }, { entries: 100, told: library, isDiscovered: false });
      assert.equal(limit.entries, limitEntries);
      assert.deepEqual(problems, []);
    });

    test('its size is an estimate within a quarter', async () => {
      const { subject, followed } = await scene();
      await fill(subject, 500);
      const { bytes } = followed.status();
      assert.ok(bytes > 0.75 * 500 * 1150 && bytes < 1.25 * 500 * 1150, `${bytes}`);
    });

    test('entries go in the order of the library', async () => {
      const { subject, followed } = await scene();
      await fill(subject, 4);
      await subject.get('key-0');
      const went: string[] = [];
      for (let count = isBatched ? 3 : 4; count > 0; count--) {
        const before = subject.keys();
        followed.evict(1, NEVER);
        const after = new Set(subject.keys());
        went.push(...before.filter((key) => !after.has(key)));
      }
      assert.deepEqual(order === undefined ? went.toSorted() : went, order ?? ['key-0', 'key-1', 'key-2', 'key-3']);
    });

    test('eviction stops at its target, and promises what went', async () => {
      const { subject, followed } = await scene();
      await fill(subject, 500);
      const { entries, bytes } = followed.evict(100_000, NEVER);
      assert.equal(subject.keys().length, 500 - entries);
      assert.ok(
        bytes >= 100_000 && bytes < 115_000 && entries > 75 && entries < 110,
        `${entries} entries, ${bytes} bytes`,
      );
      assert.equal(followed.status().counts.evictions.pressure, entries);
    });

    test('eviction stops when its time is up, after any entry', async () => {
      const { subject, followed } = await scene();
      await fill(subject, 20);
      let asked = 0;
      followed.evict(Infinity, () => ++asked > 7);
      if (isBatched) assert.ok(asked <= 2);
      else assert.equal(subject.keys().length, 12);
    });

    test('an emptied cache works as before', async () => {
      const { subject, followed, problems } = await scene();
      await fill(subject, 10);
      const kept = isBatched ? 1 : 0;
      assert.equal(followed.evict(Infinity, NEVER).entries, 10 - kept);
      assert.deepEqual(followed.evict(Infinity, NEVER), { entries: 0, bytes: 0 });
      assert.equal(subject.keys().length, kept);
      await fill(subject, 10);
      for (let index = 0; index < 10; index++) {
        assert.deepEqual(await subject.get(`key-${index}`), { text: 'x'.repeat(1000), index });
      }
      assert.equal(followed.status().entries, 10);
      assert.deepEqual(problems, []);
    });

    test('a cap is kept at each tick, and lifted', async () => {
      const { subject, registry, followed } = await scene();
      await fill(subject, 50);
      followed.cap(20);
      registry.tick(NEVER);
      assert.equal(subject.keys().length, 20);
      assert.equal(registry.statuses()[0]?.capEntries, 20);
      followed.cap(undefined);
      await fill(subject, 50);
      registry.tick(NEVER);
      assert.equal(subject.keys().length, 50);
    });

    test('looking changes nothing: neither entries, nor their order, nor what the library counts', async () => {
      const { subject, registry, followed } = await scene();
      await fill(subject, 4);
      const before = { keys: subject.keys(), counts: followed.status().counts };
      registry.statuses();
      followed.status();
      assert.deepEqual({ keys: subject.keys(), counts: followed.status().counts }, before);
    });

    test(isCounted ? 'hits and misses are counted' : 'hits and misses are not known', async () => {
      const { subject, followed } = await scene();
      await fill(subject, 2);
      const before = followed.status().counts;
      await subject.get('key-0');
      await subject.get('key-1');
      await subject.get('none');
      const { hit, miss } = followed.status().counts;
      if (isCounted) assert.deepEqual([hit - before.hit, miss - before.miss], [2, 1]);
      else assert.deepEqual([hit, miss], [Number.NaN, Number.NaN]);
    });

    test('taken back, it is as it was and nothing follows it', async () => {
      const { subject, registry, unregister } = await scene();
      unregister();
      assert.deepEqual(Object.keys(subject.cache as object), Object.keys((await create()).cache as object));
      assert.deepEqual(
        Object.getOwnPropertyNames(subject.cache).toSorted(),
        Object.getOwnPropertyNames((await create()).cache).toSorted(),
      );
      assert.deepEqual(registry.followed(true), []);
      assert.deepEqual(registry.statuses(), []);
    });
  });
}
