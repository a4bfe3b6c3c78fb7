/** The level that memory asks for at this moment: a level is left slowly, and what it was entered for may be over long before. */
import type { Assessment } from '../../model/assessment.ts';
import type { Level } from '../../model/level.ts';

/** As in the preset `standard`, until the classifier has named those that count. */
const ENTRIES: readonly (readonly [level: Level, ratio: number])[] = [
  [3, 0.92],
  [2, 0.82],
  [1, 0.7],
];

export function createAskedLevel(): (assessment: Assessment) => Level {
  const entries = new Map(ENTRIES);

  return ({ level, reasons, pressureRatio }) => {
    for (const reason of reasons) {
      if (reason.kind === 'utilization') entries.set(reason.level, reason.thresholdRatio);
    }
    if (!reasons.some(({ kind }) => kind === 'held')) return level;
    for (const [asked, ratio] of entries) if (asked <= level && pressureRatio >= ratio) return asked;
    return 0;
  };
}
