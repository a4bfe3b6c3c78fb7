/** The estimate of what entries hold, against what V8 says that they hold. */
import assert from 'node:assert/strict';
import test from 'node:test';

import type { CacheEntry } from '../../../agent/model/cache.ts';
import { bytesOfEntries } from '../../../instrumentation/caches/bytes-of.ts';
import { collectGarbage } from '../../helpers/collect-garbage.ts';

const ENTRIES = 2000;
/** Where each entry is many objects. */
const FEWER = 200;
const SETTLED_BYTES = 10_000;
const TOLERANCE = 0.25;

class Account {
  readonly id: number;
  readonly tags: readonly string[];
  constructor(id: number) {
    this.id = id;
    this.tags = [`tag-${id}`, `group-${id}`];
  }
  get first(): string | undefined {
    return this.tags[0];
  }
}

const text = (index: number, length: number): string => Buffer.alloc(length, 97 + (index % 26)).toString('latin1');

const SHAPES: Readonly<Record<string, (index: number) => unknown>> = {
  'short texts': (index) => text(index, 100),
  'long texts': (index) => text(index, 10_000),
  'texts of two bytes a character': (index) =>
    Buffer.from(`${index} Ω`.padEnd(500, '€'), 'utf16le').toString('utf16le'),
  'Buffers of 10 kB': (index) => Buffer.alloc(10_000, index),
  'Buffers of 200 bytes': (index) => Buffer.alloc(200, index),
  'typed arrays': (index) => new Float64Array(500).fill(index),
  'small objects': (index) => ({ id: index, name: text(index, 20), isActive: true }),
  'records of numbers': (index) => ({ a: index + 0.5, b: index + 0.25, c: index, d: -index }),
  'arrays of whole numbers': (index) => Array.from({ length: 500 }, (_, at) => at + index),
  'arrays of fractions': (index) => Array.from({ length: 500 }, (_, at) => at + index + 0.5),
  'arrays of objects': (index) => Array.from({ length: 50 }, (_, at) => ({ at, label: text(index + at, 30) })),
  'parsed JSON': (index) =>
    JSON.parse(
      JSON.stringify({ id: index, nested: { list: [1, 2, { deep: text(index, 40) }], on: true, when: '2026-01-01' } }),
    ),
  'Maps of texts': (index) => new Map(Array.from({ length: 40 }, (_, at) => [`key-${index}-${at}`, text(at, 50)])),
  'Sets of numbers': (index) => new Set(Array.from({ length: 100 }, (_, at) => index + at)),
  Dates: (index) => [new Date(index), new Date(index + 1), new Date(index + 2), new Date(index + 3)],
  'class instances': (index) => new Account(index),
  dictionaries: (index) => Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${index}-${at}`, at])),
};

/** What is dead outside of the heap is given back by another thread, some time after a collection found it. */
async function heldBytes(): Promise<number> {
  let bytes = Infinity;
  for (let turn = 0; turn < 20; turn++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    const { heapUsed, external } = process.memoryUsage();
    if (Math.abs(heapUsed + external - bytes) < SETTLED_BYTES) break;
    bytes = heapUsed + external;
  }
  return bytes;
}

for (const [name, create] of Object.entries(SHAPES)) {
  test(`${name} are estimated within a quarter of what they hold`, async () => {
    create(0);
    const cache = new Map<string, unknown>();
    const entries = name === 'dictionaries' ? FEWER : ENTRIES;
    const beforeBytes = await heldBytes();
    for (let index = 0; index < entries; index++) cache.set(`entry number ${index}`, create(index));
    const truth = ((await heldBytes()) - beforeBytes) / entries;
    const some = [...cache].slice(100, 108).map(([key, value]): CacheEntry => ({ key, value }));
    const estimate = bytesOfEntries(some) / some.length;
    assert.ok(Math.abs(estimate / truth - 1) < TOLERANCE, `estimate ${estimate.toFixed()}, truth ${truth.toFixed()}`);
    assert.equal(cache.size, entries);
  });
}

test('what several entries share is not counted: it stays when one of them goes', () => {
  const shared = { table: Array.from({ length: 10_000 }, (_, at) => at) };
  const buffer = new ArrayBuffer(1_000_000);
  const entries = Array.from({ length: 8 }, (_, key) => ({
    key,
    value: { shared, view: new Uint8Array(buffer, key, 10) },
  }));
  const bytes = bytesOfEntries(entries) / 8;
  assert.ok(bytes < 600, `${bytes}`);
});

test('what one entry holds twice is counted once', () => {
  const buffer = new ArrayBuffer(1_000_000);
  const bytes = bytesOfEntries([{ key: 0, value: [new Uint8Array(buffer), new Uint8Array(buffer, 5)] }]);
  assert.ok(bytes > 1_000_000 && bytes < 1_002_000, `${bytes}`);
});

test('no code of the application runs: neither getters, nor proxies, nor conversions', () => {
  const fail = (): never => assert.fail('ran');
  const value = {
    get lazy() {
      return fail();
    },
    proxy: new Proxy({}, { get: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail }),
    toJSON: fail,
    toString: fail,
    [Symbol.toPrimitive]: fail,
  };
  assert.ok(bytesOfEntries([{ key: 'key', value }]) > 0);
});

test('circles, depth and size do not matter: it ends soon', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  let deep: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  const wide = Array.from({ length: 100_000 }, (_, at) => ({ at, circle, deep }));
  const startMs = performance.now();
  for (let turn = 0; turn < 20; turn++) bytesOfEntries([{ key: circle, value: wide }]);
  assert.ok((performance.now() - startMs) / 20 < 5);
});
