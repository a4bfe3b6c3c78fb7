/** Chunked runs against unchunked ones, with a size that changes while they run. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import test, { afterEach, beforeEach } from 'node:test';

import fc from 'fast-check';

import { adaptiveChunks, type ByteSource } from '../../../agent/index.ts';
import type { Level } from '../../../agent/model/level.ts';
import { installStandInAgent, type StandInAgent } from '../../helpers/stand-in-agent.ts';

let agent: StandInAgent;
beforeEach(() => {
  agent = installStandInAgent();
});
afterEach(() => agent.remove());

const levels = fc.infiniteStream(fc.constantFrom<Level>(0, 1, 2, 3));
const sizes = fc
  .record({ min: fc.integer({ min: 1, max: 10 }), more: fc.nat(40) })
  .map(({ min, more }) => ({ initial: min + more, min, recoverAfterMs: 0 }));

async function all<C>(chunks: AsyncIterable<C>): Promise<C[]> {
  const gathered: C[] = [];
  for await (const chunk of chunks) gathered.push(chunk);
  return gathered;
}

/** Another level before each chunk. */
async function read<C>(chunks: AsyncIterable<C>, told: Iterator<Level>): Promise<C[]> {
  const seen: C[] = [];
  let atMs = 0;
  for await (const chunk of chunks) {
    seen.push(chunk);
    agent.adaptives.respond(told.next().value as Level, atMs++, true);
  }
  return seen;
}

test('items come in the same order and number, in chunks within the limits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.anything()), sizes, levels, fc.boolean(), async (items, size, told, isAsync) => {
      const source = isAsync ? Readable.from(items.map((item) => ({ item }))) : items.map((item) => ({ item }));
      const chunks = await read(adaptiveChunks<{ item: unknown }>(source, { ...size, by: 'items' }), told);
      assert.deepEqual(
        chunks.flat().map(({ item }) => item),
        items,
      );
      for (const [i, { length }] of chunks.entries()) {
        assert.ok(length <= size.initial && (length >= size.min || i === chunks.length - 1), `${length} at ${i}`);
      }
      assert.deepEqual(agent.adaptives.states(), []);
    }),
  );
});

test('bytes come whole, in order and cut anywhere, from pieces of any size', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 100 }));
  await fc.assert(
    fc.asyncProperty(pieces, sizes, levels, async (source, size, told) => {
      const chunks = await read(adaptiveChunks(source, { ...size, by: 'bytes' }), told);
      assert.deepEqual(Buffer.concat(chunks), Buffer.concat(source));
      for (const [i, { length }] of chunks.entries()) {
        assert.ok(length <= size.initial && length > 0 && (length >= size.min || i === chunks.length - 1));
      }
    }),
  );
});

test('strings come as their UTF-8, a character that two of them share included', async () => {
  const pieces = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\uD83D', '\uDE00', 'a\uD83D')));
  await fc.assert(
    fc.asyncProperty(pieces, sizes, levels, async (source, size, told) => {
      const chunks = await read(adaptiveChunks(source, { ...size, by: 'bytes' }), told);
      assert.equal(Buffer.concat(chunks).toString('hex'), Buffer.from(source.join('')).toString('hex'));
    }),
  );
});

test('bytes are taken as one piece, from a view, a buffer, a string, a web stream', async () => {
  const view = new Uint16Array([1, 2, 3, 4]).subarray(1, 3);
  const sources: readonly (readonly [ByteSource, string])[] = [
    [view, '02000300'],
    [Uint8Array.of(1, 2, 3).buffer, '010203'],
    ['ab', '6162'],
    [ReadableStream.from([Uint8Array.of(1), 'b']), '0162'],
  ];
  for (const [source, hex] of sources) {
    const chunks = await all(adaptiveChunks(source, { initial: 3, min: 1, by: 'bytes' }));
    assert.equal(Buffer.concat(chunks).toString('hex'), hex);
  }
});

test('chunks follow the size at once, also within what has been read already', async () => {
  const chunks = adaptiveChunks([Buffer.alloc(100)], { initial: 40, min: 10, by: 'bytes' });
  const lengths: number[] = [];
  for await (const { length } of chunks) {
    lengths.push(length);
    if (lengths.length === 1) agent.adaptives.respond(3, 0, true);
  }
  assert.deepEqual(lengths, [40, 10, 10, 10, 10, 10, 10]);
});

test('no bytes are copied out of a piece that is larger than a chunk', async () => {
  const piece = Buffer.alloc(100);
  for await (const chunk of adaptiveChunks([piece], { initial: 30, min: 30, by: 'bytes' })) {
    assert.equal(chunk.buffer, piece.buffer);
  }
});

test('what came before a failure is handed on before it; the source is not asked again', async () => {
  let asked = 0;
  async function* failing() {
    for (asked = 1; asked < 5; asked++) yield asked;
    throw new Error('disk');
  }
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const chunk of adaptiveChunks(failing(), { initial: 3, min: 1, by: 'items' })) seen.push(...chunk);
  }, /^Error: disk$/);
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.deepEqual(agent.adaptives.states(), []);
});

test('a source is closed when its reader stops, throws, or it gives what is no bytes', async () => {
  let closed = 0;
  function* endless(value: unknown) {
    try {
      for (;;) yield value;
    } finally {
      closed += 1;
    }
  }
  const options = { initial: 2, min: 1, by: 'items' } as const;
  for await (const chunk of adaptiveChunks(endless(1), options)) if (chunk.length === 2) break;
  await assert.rejects(async () => {
    for await (const chunk of adaptiveChunks(endless(1), options)) throw new Error(String(chunk.length));
  }, /^Error: 2$/);
  const wrong = adaptiveChunks(endless(1) as Iterable<string>, { ...options, by: 'bytes' });
  await assert.rejects(wrong.next(), /adaptiveChunks by bytes was given number, must be bytes or strings/);
  assert.equal(closed, 3);
  const stream = Readable.from(endless(1));
  for await (const chunk of adaptiveChunks(stream, options)) if (chunk.length === 2) break;
  assert.equal(stream.destroyed, true);
});

test('nothing is read before the first chunk is asked for', () => {
  const source = {
    [Symbol.iterator](): Iterator<string> {
      throw new Error('read');
    },
  };
  adaptiveChunks(source, { initial: 2, min: 1, by: 'bytes' });
  assert.deepEqual(agent.adaptives.states(), []);
});

test('without an agent the size is the initial one, and never less than 1', async () => {
  agent.remove();
  const lengths = async (initial: number): Promise<number[]> =>
    (await all(adaptiveChunks([1, 2, 3], { initial, min: 1, by: 'items' }))).map(({ length }) => length);
  assert.deepEqual(await lengths(2), [2, 1]);
  assert.deepEqual(await lengths(0), [1, 1, 1]);
  assert.deepEqual(await lengths(Number.NaN), [1, 1, 1]);
});
