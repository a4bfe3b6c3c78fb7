import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { policy, recording, SEED } from './arbitrary.ts';
import { oracleLevels } from './oracle.ts';
import { playRows } from './recording.ts';

/**
 * B11: at least 99.9 % of samples get the level that the definition gives. A running sum and a sum taken anew can differ
 * in their last digit, and only at a threshold; that is what the tenth of a percent is for.
 */
test('the classifier and the offline oracle agree on generated recordings', { timeout: 120_000 }, (t) => {
  let samples = 0;
  let agreed = 0;
  const seen = new Set<number>();
  const runs = Number(process.env['PLIMSOLL_ORACLE_RUNS'] ?? 150);
  fc.assert(
    fc.property(recording, policy, (rows, chosen) => {
      const expected = oracleLevels(rows, chosen);
      const actual = playRows(rows, chosen).map(({ assessment }) => assessment.level);
      const equal = actual.filter((level, index) => level === expected[index]).length;
      samples += actual.length;
      agreed += equal;
      for (const level of actual) seen.add(level);
      return equal >= actual.length * 0.99;
    }),
    { seed: SEED, numRuns: runs },
  );
  t.diagnostic(`seed ${SEED}: ${agreed} of ${samples} samples agree`);
  assert.ok(agreed >= samples * 0.999, `${agreed} of ${samples}`);
  assert.equal(seen.size, 4, 'the recordings reach every level');
});
