import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytes, duration, percent, timeToLimit, useOf } from '../../../../agent/sidecar/page/browser/format.ts';

const MIB = 2 ** 20;

test('bytes have three digits at most, in the unit that a person would choose', () => {
  assert.deepEqual([0, 900, 1024, 9.84 * MIB, 98.4 * MIB, 984 * MIB, 1.26 * 1024 * MIB].map(bytes), [
    '0 B',
    '900 B',
    '1.0 KiB',
    '9.8 MiB',
    '98 MiB',
    '984 MiB',
    '1.3 GiB',
  ]);
});

test('a use and its limit are in one unit, and a small limit in gigabytes loses no digits', () => {
  assert.equal(useOf(471 * MIB, 512 * MIB), '471 of 512 MiB');
  assert.equal(useOf(1900 * MIB, 2048 * MIB), '1900 of 2048 MiB');
  assert.equal(useOf(20 * 1024 * MIB, 24 * 1024 * MIB), '20 of 24 GiB');
  assert.equal(useOf(471 * MIB, null), '471 MiB');
});

test('times name the two largest units', () => {
  assert.deepEqual([0.42, 4, 40, 119, 180, 3600, 7500, 90_000].map(duration), [
    '0.4 s',
    '4 s',
    '40 s',
    '119 s',
    '3 min',
    '1 h',
    '2 h 5 min',
    '1 d 1 h',
  ]);
  assert.equal(timeToLimit(40), 'about 40 s');
  assert.equal(timeToLimit(4000), 'over 1 h');
});

test('what is not known is a dash, never a zero', () => {
  assert.deepEqual(
    [bytes(null), useOf(null, MIB), duration(null), percent(null), timeToLimit(null)],
    ['–', '–', '–', '–', '–'],
  );
});
