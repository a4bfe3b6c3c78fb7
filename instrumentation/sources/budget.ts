/** The ceiling the user set for this process's RSS; NaN when none is set. */
import { COL } from '../../agent/model/row.ts';
import type { Source, World } from '../../agent/model/source.ts';

export function createBudgetSource({ processBudgetBytes }: World): Source {
  const limitBytes = processBudgetBytes ?? Number.NaN;
  return {
    name: 'budget',
    readings: ['budgetLimitOptionBytes'],
    read(row) {
      row[COL.budgetLimitOptionBytes] = limitBytes;
    },
    unavailable: () => [],
    facts: () => ({}),
    close() {},
  };
}
