import assert from 'node:assert/strict';
import test from 'node:test';

import { numberPoints } from '../../../agent/model/metric.ts';
import { METRICS } from '../../../agent/model/metrics.ts';
import { worstCaseSnapshot } from '../../helpers/snapshot.ts';

test('a size whose source is not known, as from a newer version, carries no source', () => {
  const metric = METRICS.find(({ name }) => name === 'plimsoll.cache.size');
  const snapshot = worstCaseSnapshot();
  assert.ok(metric !== undefined && metric.kind !== 'histogram' && snapshot.cacheAccounts !== undefined);
  const { named } = snapshot.cacheAccounts;
  const accounts = { ...snapshot.cacheAccounts, named: named.map((one) => ({ ...one, sizeSource: undefined })) };
  const labelsOf = (of: typeof snapshot) =>
    numberPoints(metric, of, 'full').map(({ attributes }) => 'plimsoll.cache.size_source' in attributes);
  assert.deepEqual(labelsOf(snapshot), [...named.map(() => true), false]);
  assert.deepEqual(labelsOf({ ...snapshot, cacheAccounts: accounts }), [...named.map(() => false), false]);
});
