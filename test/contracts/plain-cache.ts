/** What a cache promises whoever put it in place of a Map with a limit: the same answers to the same calls, in whatever order they come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

export interface PlainCache {
  get(key: string): unknown;
  put(key: string, value: unknown): unknown;
  delete(key: string): unknown;
  clear(): unknown;
  entries(): number;
  close(): unknown;
}

export interface PlainCacheContract {
  /** Of at most so many entries. */
  create(maxEntries: number): PlainCache;
  /** What it has no room for it keeps elsewhere: its limit does not show. */
  readonly isUnlimited?: boolean;
  /** Default 300: of a cache that works in memory. */
  readonly numRuns?: number;
}

type Call = readonly ['get' | 'delete', string] | readonly ['put', string, unknown] | readonly ['clear'];

const key = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  'e',
  'f',
  '',
  '__proto__',
  'constructor',
  '\u0000',
  '\u00007:defaulta',
  'ключ',
);
const value = fc.oneof(fc.jsonValue(), fc.constant(0), fc.constant(''), fc.constant(false), fc.constant(undefined));
const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('get' as const), key) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('put' as const), key, value) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
  { weight: 1, arbitrary: fc.constant(['clear'] as const) },
);

/** Least recently used goes first; a get and a put are uses. Putting undefined is deleting. */
function createModel(maxEntries: number): Omit<PlainCache, 'close'> {
  const map = new Map<string, unknown>();
  return {
    get(name) {
      const found = map.get(name);
      if (map.delete(name)) map.set(name, found);
      return found;
    },
    put(name, given) {
      map.delete(name);
      if (given !== undefined) map.set(name, given);
      const [oldest] = map.keys();
      if (map.size > maxEntries && oldest !== undefined) map.delete(oldest);
    },
    delete: (name) => map.delete(name),
    clear: () => map.clear(),
    entries: () => map.size,
  };
}

async function apply(cache: Omit<PlainCache, 'close'>, [what, name = '', given]: Call): Promise<unknown> {
  if (what === 'get') return await cache.get(name);
  if (what === 'delete') return await cache.delete(name);
  await (what === 'put' ? cache.put(name, given) : cache.clear());
  return undefined;
}

export function plainCacheContract({ create, isUnlimited = false, numRuns = 300 }: PlainCacheContract): void {
  test('answers as a Map of limited size, whatever is asked of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(call, { maxLength: 60 }), async (maxEntries, calls) => {
        const cache = create(maxEntries);
        const model = createModel(isUnlimited ? Infinity : maxEntries);
        try {
          for (const one of calls) {
            const expected = await apply(model, one);
            assert.deepEqual(await apply(cache, one), expected);
            if (!isUnlimited) assert.equal(cache.entries(), model.entries());
          }
        } finally {
          await cache.close();
        }
      }),
      { numRuns },
    );
  });

  test('gives back the very value that was put, without a copy of it', async () => {
    const cache = create(2);
    const given = { of: [1, 2, 3] };
    await cache.put('a', given);
    assert.equal(await cache.get('a'), given);
    await cache.close();
  });

  test('forgets nothing that is asked for often', async () => {
    const cache = create(10);
    await cache.put('hot', 'kept');
    for (let index = 0; index < 100; index += 1) {
      await cache.put(`cold ${index}`, index);
      assert.equal(await cache.get('hot'), 'kept');
    }
    assert.equal(cache.entries(), 10);
    await cache.close();
  });
}
