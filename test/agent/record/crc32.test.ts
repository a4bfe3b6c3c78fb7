import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { createCrc32 } from '../../../agent/record/crc32.ts';

test('the checksum is the CRC-32 of zlib, gzip and PNG', () => {
  const crc32 = createCrc32();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 400 }), (bytes) => {
      const words = new Uint32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer);
      assert.equal(crc32(words, 0, words.length), zlibCrc32(new Uint8Array(words.buffer)));
    }),
  );
});

test('the checksum covers exactly the words it was told to', () => {
  const crc32 = createCrc32();
  const words = Uint32Array.of(1, 2, 3, 4);
  assert.equal(crc32(words, 1, 3), crc32(Uint32Array.of(2, 3), 0, 2));
});
