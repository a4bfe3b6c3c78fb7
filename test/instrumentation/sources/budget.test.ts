import assert from 'node:assert/strict';
import { test } from 'node:test';

import { COL, createRow } from '../../../agent/model/row.ts';
import { createBudgetSource } from '../../../instrumentation/sources/budget.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

sourceContract({
  module: 'instrumentation/sources/budget.ts',
  factory: 'createBudgetSource',
  create: createBudgetSource,
  mayBeAbsent: ['budgetLimitOptionBytes'],
  garbageBytes: 50,
});

test('gives the budget of the options, and NaN without one', () => {
  const row = createRow();
  createBudgetSource(createWorld({ processBudgetBytes: 500 })).read(row);
  assert.equal(row[COL.budgetLimitOptionBytes], 500);
  createBudgetSource(createWorld()).read(row);
  assert.equal(row[COL.budgetLimitOptionBytes], Number.NaN);
});
