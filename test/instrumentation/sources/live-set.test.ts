import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLiveSet } from '../../../instrumentation/sources/live-set.ts';

/** The live sets after collections that left so much, of a limit of 1000. */
function liveSets(...left: readonly number[]): number[] {
  return left.map(createLiveSet(1_000));
}

test('the first major collection is believed', () => {
  assert.deepEqual(liveSets(400), [400]);
});

test('a fall is believed at once', () => {
  assert.deepEqual(liveSets(700, 300), [700, 300]);
});

test('a rise that garbage can explain waits until three collections agree', () => {
  assert.deepEqual(liveSets(650, 730, 720, 710), [650, 650, 650, 710]);
});

test('garbage that two collections leave in a row is no rise', () => {
  assert.deepEqual(liveSets(650, 730, 720, 660, 725), [650, 650, 650, 660, 660]);
});

test('a rise beyond what garbage can explain counts but for that part', () => {
  assert.deepEqual(liveSets(200, 800, 810, 805), [200, 700, 710, 800]);
});
