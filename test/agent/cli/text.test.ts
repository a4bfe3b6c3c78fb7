import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';

import { bytesText, durationText, jsonNumber, jsonTime, levelText, ratioText } from '../../../agent/cli/text.ts';

test('sizes are in the unit a person would choose', () => {
  const sizes = [0, 900, 300_000, 3 * 2 ** 20, 250.4 * 2 ** 20, 1.5 * 2 ** 30, -2 * 2 ** 20, Infinity, Number.NaN];
  assert.deepEqual(sizes.map(bytesText), [
    '0 MiB',
    '0.9 KiB',
    '0.3 MiB',
    '3 MiB',
    '250 MiB',
    '1.5 GiB',
    '-2 MiB',
    'no limit',
    '–',
  ]);
});

test('durations lose their precision as they grow', () => {
  const seconds = [0.0421, 12.34, 100, 600, 10_000, 400_000, undefined];
  assert.deepEqual(seconds.map(durationText), ['42 ms', '12.3 s', '100 s', '10 min', '3 h', '5 d', '–']);
});

test('what is unavailable is a dash for people and null for machines', () => {
  assert.deepEqual(
    [ratioText(undefined), ratioText(0.873), levelText(-1), stripVTControlCharacters(levelText(3))],
    ['–', '87.3 %', '–', 'critical'],
  );
  assert.deepEqual([jsonNumber(Infinity), jsonNumber(undefined), jsonNumber(0)], [null, null, 0]);
  assert.deepEqual([jsonTime(Number.NaN), jsonTime(0)], [null, '1970-01-01T00:00:00.000Z']);
});
