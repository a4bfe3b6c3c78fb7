import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { PRIORITIES, type Priority } from '../../../../agent/model/cache.ts';
import type { Reclaimer } from '../../../../agent/model/reclaim.ts';
import type { Candidate } from '../../../../agent/respond/reclaim/candidate.ts';
import { classesOf, shareOut } from '../../../../agent/respond/reclaim/shares.ts';

const SEED = 4_711;
const RUNS = { seed: SEED, numRuns: 300 };
const reclaimer: Reclaimer = { name: 'any', priority: 'normal', reclaim: () => 0 };

function candidate(given: Partial<Candidate>): Candidate {
  return { name: 'any', priority: 'normal', bytes: 100, valuePerByte: 1, trust: 1, of: { reclaimer }, ...given };
}

const arbitrary = fc.record({
  priority: fc.constantFrom(...PRIORITIES),
  bytes: fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.constant(Number.NaN)),
  valuePerByte: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(Number.NaN)),
  trust: fc.double({ min: 0.05, max: 1, noNaN: true }),
});
const members = fc.array(arbitrary, { minLength: 1, maxLength: 30 }).map((all) => all.map(candidate));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('shares', () => {
  test('add up to what is needed, or to everything there is, and none is more than its owner holds', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 2 ** 32 }), (all, needBytes) => {
        const shares = shareOut(all, needBytes);
        const most = sum(all.map(({ bytes }) => (Number.isNaN(bytes) ? needBytes : bytes)));
        const expected = Math.min(needBytes, most);
        assert.ok(Math.abs(sum(shares) - expected) <= expected * 1e-6 + 1e-6, `${sum(shares)} of ${expected}`);
        for (const [index, { bytes }] of all.entries()) {
          const share = shares[index] ?? Number.NaN;
          assert.ok(share >= 0 && !(share > bytes), `${share} of ${bytes}`);
        }
      }),
      RUNS,
    );
  });

  test('go by what each holds where bytes are worth the same', () => {
    const all = [candidate({ bytes: 300 }), candidate({ bytes: 100 })];
    assert.deepEqual(shareOut(all, 40).map(Math.round), [30, 10]);
  });

  test('are larger the less a byte is worth, and what cannot be given falls to the others', () => {
    const all = [candidate({ bytes: 100, valuePerByte: 0 }), candidate({ bytes: 100, valuePerByte: 10 })];
    const [cheap = 0, dear = 0] = shareOut(all, 50);
    assert.ok(cheap > 4 * dear, `${cheap} and ${dear}`);
    assert.deepEqual(shareOut(all, 150).map(Math.round), [100, 50]);
  });

  test('ask one that does not say what it holds for all that nobody else has', () => {
    assert.deepEqual(shareOut([candidate({ bytes: Number.NaN })], 70), [70]);
    assert.deepEqual(shareOut([candidate({ bytes: 10 }), candidate({ bytes: Number.NaN })], 70), [10, 60]);
  });
});

describe('classes', () => {
  const order = (all: readonly Candidate[]): readonly Priority[] =>
    classesOf(all)
      .flat()
      .map(({ priority }) => priority);

  test('come first, normal, last, and never is not among them', () => {
    fc.assert(
      fc.property(members, (all) => {
        const rank = order(all).map((priority) => PRIORITIES.indexOf(priority));
        assert.deepEqual(
          rank,
          rank.toSorted((a, b) => a - b),
        );
        assert.equal(rank.length, all.filter(({ priority }) => priority !== 'never').length);
      }),
      RUNS,
    );
  });

  test('have those that did not keep their promises at their end, and the cheapest first', () => {
    const all = [
      candidate({ name: 'liar', trust: 0.2, valuePerByte: 0 }),
      candidate({ name: 'dear', valuePerByte: 9 }),
      candidate({ name: 'cheap', valuePerByte: 1 }),
      candidate({ name: 'precious', priority: 'last' }),
    ];
    const names = classesOf(all).map((ofClass) => ofClass.map(({ name }) => name));
    assert.deepEqual(names, [['cheap', 'dear'], ['liar'], ['precious']]);
  });
});
