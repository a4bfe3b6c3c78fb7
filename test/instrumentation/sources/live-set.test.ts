import assert from 'node:assert/strict';
import { test } from 'node:test';

import { liveSetBytes } from '../../../instrumentation/sources/live-set.ts';

const LIMIT = 1_000;

test('the first major collection is believed', () => {
  assert.equal(liveSetBytes(400, Number.NaN, LIMIT), 400);
});

test('a fall is believed at once', () => {
  assert.equal(liveSetBytes(300, 700, LIMIT), 300);
});

test('a rise that garbage can explain waits for the next collection', () => {
  assert.equal(liveSetBytes(730, 650, LIMIT), 650);
  assert.equal(liveSetBytes(730, 730, LIMIT), 730);
});

test('a rise beyond what garbage can explain counts but for that part', () => {
  assert.equal(liveSetBytes(800, 200, LIMIT), 700);
});
