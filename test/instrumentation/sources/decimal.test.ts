import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { asciiBytes, offsetAfter, parseNumber, valuesByKey } from '../../../instrumentation/sources/decimal.ts';

function parsed(text: string): number {
  const bytes = asciiBytes(text);
  return parseNumber(bytes, 0, bytes.length);
}

function values(text: string, ...keys: string[]): number[] {
  const out = new Float64Array(keys.length).fill(-1);
  const bytes = asciiBytes(text);
  valuesByKey(bytes, bytes.length, keys.map(asciiBytes), out);
  return [...out];
}

test('parses what the kernel writes', () => {
  assert.equal(parsed('0\n'), 0);
  assert.equal(parsed('268435456\n'), 268_435_456);
  assert.equal(parsed('12'), 12);
  assert.equal(parsed(' \t 12 kB\n'), 12);
  assert.equal(parsed('max\n'), Number.POSITIVE_INFINITY);
  assert.equal(parsed('max'), Number.POSITIVE_INFINITY);
});

test('gives NaN for anything that is not an unsigned number', () => {
  for (const text of ['', '\n', ' ', '-1\n', '1.5\n', '12abc', 'maximum', 'ma', 'x', 'é', '\0', '\n5']) {
    assert.ok(Number.isNaN(parsed(text)), JSON.stringify(text));
  }
});

test('keeps huge numbers huge', () => {
  assert.equal(parsed('9223372036854771712\n'), 2 ** 63 - 4096);
  assert.equal(parsed('18446744073709551615\n'), 2 ** 64);
});

test('parses every safe integer exactly, and looks at nothing at or after its end', () => {
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.string(), (number, rest) => {
      const text = String(number);
      const bytes = asciiBytes(text + rest);
      assert.equal(parseNumber(bytes, 0, text.length), number);
    }),
  );
});

test('never throws and never leaves its bounds on arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, end) => {
      const length = Math.min(end, bytes.length);
      parseNumber(bytes, 0, length);
      offsetAfter(bytes, length, asciiBytes('total='));
      valuesByKey(bytes, length, [asciiBytes('a'), asciiBytes('b')], new Float64Array(2));
    }),
  );
});

test('finds values by key in any order of lines and keys', () => {
  const text = 'anon 1\nfile 2\nkernel 3\nkernel_stack 4\n';
  assert.deepEqual(values(text, 'anon', 'file', 'kernel', 'kernel_stack'), [1, 2, 3, 4]);
  assert.deepEqual(values(text, 'kernel_stack', 'kernel', 'anon'), [4, 3, 1]);
});

test('takes a key only at the start of a line and only whole', () => {
  assert.deepEqual(values('total_rss 9\nrssx 8\n rss 7\nrss 5\n', 'rss'), [5]);
  assert.deepEqual(values('MemTotal:       16384 kB\n', 'MemTotal:'), [16_384]);
});

test('gives NaN for a key that is absent, without a value, or cut off', () => {
  assert.deepEqual(values('anon\nfile x\nkern', 'anon', 'file', 'kern', 'sock'), [NaN, NaN, NaN, NaN]);
});

test('takes the first number of a key that occurs twice', () => {
  assert.deepEqual(values('a x\na 1\na 2\nb 3\n', 'a', 'b'), [1, 3]);
});

test('finds the offset after a text, as the total of a PSI line needs it', () => {
  const bytes = asciiBytes('some avg10=0.00 total=12\nfull avg10=0.00 total=34\n');
  const some = offsetAfter(bytes, bytes.length, asciiBytes('total='));
  const full = offsetAfter(bytes, bytes.length, asciiBytes('total='), some);
  assert.equal(parseNumber(bytes, some, bytes.length), 12);
  assert.equal(parseNumber(bytes, full, bytes.length), 34);
  assert.equal(offsetAfter(bytes, bytes.length, asciiBytes('total='), full), -1);
  assert.equal(offsetAfter(bytes, full - 1, asciiBytes('total='), some), -1);
});
