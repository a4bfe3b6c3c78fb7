/** Caches and functions of an application that throw, lie, come back, or never end: they harm nobody. */
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';

import { NOTHING_COUNTED, type CacheContract, type CacheOptions } from '../../../agent/model/cache.ts';
import { createCacheRegistry } from '../../../instrumentation/caches/index.ts';

const NEVER = (): boolean => false;
const NOTHING = { entries: 0, bytes: 0 };

/** A cache of an application's own over `map`. */
function ownCache(map: Map<unknown, unknown>, changes: Partial<CacheContract> = {}): CacheContract {
  return {
    library: 'own',
    entries: () => map.size,
    limit: () => ({ entries: undefined, bytes: undefined }),
    ownBytes: () => undefined,
    sample: (count) => [...map].slice(0, count).map(([key, value]) => ({ key, value })),
    evict() {
      for (const [key, value] of map) {
        map.delete(key);
        return { key, value };
      }
      return undefined;
    },
    counts: () => NOTHING_COUNTED,
    ...changes,
  };
}

function follow(cache: unknown, options: Partial<CacheOptions> = {}) {
  const problems: string[] = [];
  let nowMs = 0;
  const registry = createCacheRegistry({
    monotonicMs: () => nowMs,
    wallMs: () => 0,
    onProblem: ({ code, message }) => problems.push(`${code} ${message}`),
  });
  const takeBack = registry.register(cache, { name: 'hostile', ...options });
  const [followed] = registry.followed(false);
  assert.ok(followed);
  return { registry, followed, takeBack, problems, pass: (ms: number) => (nowMs += ms) };
}

const filled = (count = 200): Map<unknown, unknown> =>
  new Map(Array.from({ length: count }, (_, key) => [key, Buffer.alloc(1000)]));
const fail = (): never => {
  throw new Error('no');
};

test('one that answers an entry and does not remove it is found out, promises nothing, and is left alone', () => {
  let evictions = 0;
  const { followed, problems } = follow(
    ownCache(filled(), { evict: () => (evictions++, { key: 0, value: Buffer.alloc(1000) }) }),
  );
  assert.deepEqual(followed.evict(Infinity, NEVER), NOTHING);
  assert.ok(evictions < 100, `${evictions}`);
  assert.deepEqual(followed.evict(Infinity, NEVER), NOTHING);
  assert.ok(evictions < 100, 'it was asked again');
  assert.match(problems.join(), /^PLM_CACHE_FAILED cache "hostile" failed \(it evicted 64 entries and holds 200/);
});

test('one that removes half of what it says promises half of it', () => {
  const map = filled(1000);
  const honest = ownCache(map);
  let call = 0;
  const { followed } = follow(
    ownCache(map, { evict: () => (call++ % 2 === 0 ? honest.evict() : { key: 0, value: Buffer.alloc(1000) }) }),
  );
  const { entries, bytes } = followed.evict(600_000, NEVER);
  assert.equal(entries, 1000 - map.size);
  assert.ok(bytes > 900 * entries && bytes < 1400 * entries, `${bytes} for ${entries}`);
});

suite('one that throws is told once, left alone for ten seconds, and then asked again', () => {
  const THROWERS: readonly Partial<CacheContract>[] = [
    { entries: fail },
    { evict: fail },
    { sample: fail },
    { counts: fail },
    { limit: fail },
    { ownBytes: fail },
    { entries: () => Number.NaN },
    { entries: () => 'many' as unknown as number },
    { evict: () => 'key' as never },
    {
      evict: () => {
        throw Object.create(null);
      },
    },
  ];
  for (const changes of THROWERS) {
    test(`${JSON.stringify(Object.keys(changes))} ${Object.values(changes).join().slice(0, 40).replaceAll(/\s+/g, ' ')}`, () => {
      let isHostile = true;
      let asked = 0;
      const askedAtTurn: number[] = [];
      const map = filled();
      const honest = ownCache(map);
      const hostile = ownCache(map, changes);
      const cache = ownCache(map);
      for (const name of Object.keys(changes) as (keyof CacheContract)[]) {
        Object.defineProperty(cache, name, { get: () => (asked++, isHostile ? hostile : honest)[name] });
      }
      const { registry, followed, problems, pass } = follow(cache);
      for (let turn = 0; turn < 3; turn++) {
        followed.evict(Infinity, NEVER);
        followed.status();
        registry.statuses();
        followed.cap(5);
        registry.tick(NEVER);
        askedAtTurn.push(asked);
        pass(4000);
      }
      assert.equal(new Set(askedAtTurn).size, 1, `asked again: ${askedAtTurn.join()}`);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', /PLM_CACHE_FAILED cache "hostile" failed \(.+\)\. It is left alone for 10 s/);
      isHostile = false;
      pass(10_001);
      followed.cap(undefined);
      assert.equal(followed.status().entries, map.size);
      map.set('one more', 'entry');
      followed.evict(Infinity, NEVER);
      assert.equal(map.size, 0);
    });
  }
});

test('one whose evict is asynchronous is told; its rejection reaches nobody', async (context) => {
  const unhandled = context.mock.fn();
  process.on('unhandledRejection', unhandled);
  context.after(() => process.off('unhandledRejection', unhandled));
  const { followed, problems } = follow(ownCache(filled(), { evict: (async () => fail()) as never }));
  assert.deepEqual(followed.evict(Infinity, NEVER), NOTHING);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(unhandled.mock.callCount(), 0);
  assert.match(problems.join(), /answered a promise, must be the entry/);
});

for (const [name, answer] of [
  ['throws', fail],
  ['answers no number', () => Number.NaN],
  ['answers less than nothing', () => -1],
  ['answers a text', () => '12' as unknown as number],
] as const) {
  test(`where sizeOf ${name}, entries are looked at instead; where costOf does, it is not asked again`, () => {
    const map = filled();
    const { followed, problems } = follow(map, { sizeOf: answer, costOf: answer });
    const { bytes, sizeSource } = followed.status();
    assert.equal(sizeSource, 'sampled');
    assert.ok(bytes > 200_000 && bytes < 300_000, `${bytes}`);
    assert.equal(followed.costMs(), 1);
    assert.ok(followed.evict(10_000, NEVER).bytes >= 10_000);
    assert.equal(problems.length, 2);
  });
}

test('one that comes back while it is evicted from gets nothing, and everything goes on', () => {
  const map = filled();
  const honest = ownCache(map);
  const inner: unknown[] = [];
  const followedNow = (): ReturnType<typeof follow> => scene;
  const scene = follow(
    ownCache(map, {
      evict() {
        const { followed, registry } = followedNow();
        inner.push(followed.evict(Infinity, NEVER).entries);
        registry.statuses();
        registry.tick(NEVER);
        registry.register(new Map(), { name: 'another' });
        return honest.evict();
      },
    }),
  );
  scene.followed.cap(1);
  assert.equal(scene.followed.evict(Infinity, NEVER).entries, 200);
  assert.deepEqual(new Set(inner), new Set([0]));
});

test('one that is taken back, or emptied, while it is evicted from', () => {
  const map = filled();
  const honest = ownCache(map);
  const scenes: ReturnType<typeof follow>[] = [];
  const scene = follow(
    ownCache(map, {
      evict() {
        const entry = honest.evict();
        scenes[0]?.takeBack();
        if (map.size < 150) map.clear();
        return entry;
      },
    }),
  );
  scenes.push(scene);
  const { entries } = scene.followed.evict(Infinity, NEVER);
  assert.ok(entries >= 50 && entries <= 200);
  assert.deepEqual(scene.registry.statuses(), []);
});

test('one that is filled again as fast as it is emptied is given up, and promises nothing', () => {
  const map = filled();
  const honest = ownCache(map);
  let added = 0;
  const { followed, problems } = follow(
    ownCache(map, {
      evict() {
        const entry = honest.evict();
        map.set(`again-${added++}`, Buffer.alloc(1000));
        return entry;
      },
    }),
  );
  assert.deepEqual(followed.evict(Infinity, NEVER), NOTHING);
  assert.ok(added < 100);
  assert.equal(problems.length, 1);
});

test('one that holds what nobody can measure is emptied all the same', () => {
  const map = new Map<unknown, unknown>(Array.from({ length: 100 }, (_, key) => [Symbol(key), () => key]));
  const { followed } = follow(map);
  assert.equal(followed.evict(Infinity, NEVER).entries, 100);
});
