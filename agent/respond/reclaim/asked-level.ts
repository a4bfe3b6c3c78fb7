/**
 * The level that memory asks for at this moment. The one that is told may be higher: a level is left slowly, and what it was entered for
 * may be over long before; and memory that was freed inside of the process is used again first, while from outside the process looks
 * as full as before. To evict for that would empty one cache after the other, and never show.
 */
import type { Assessment, ConstraintAssessment } from '../../model/assessment.ts';
import type { Level } from '../../model/level.ts';

/** As in the preset `standard`, until the classifier has named those that count. */
const ENTRIES: readonly (readonly [level: Level, ratio: number])[] = [
  [3, 0.92],
  [2, 0.82],
  [1, 0.7],
];
/** So near to the limit it is not relied upon that all of it will be used again. */
const CRITICAL_COUNTS = 0.5;

/** `insideBytes`: freed in the process and not back with the kernel. */
export type AskedLevel = (assessment: Assessment, insideBytes: number) => Level;

export function createAskedLevel(): AskedLevel {
  const entries = new Map(ENTRIES);

  return (assessment, insideBytes) => {
    const { level, reasons, pressureRatio, constraints } = assessment;
    if (level === 0) return 0;
    for (const reason of reasons) {
      if (reason.kind === 'utilization') entries.set(reason.level, reason.thresholdRatio);
    }
    const isHeld = reasons.some(({ kind }) => kind === 'held');
    const isByUse = reasons.every(({ kind }) => kind === 'utilization' || kind === 'held');
    if (!isHeld && (insideBytes === 0 || !isByUse)) return level;
    const isCritical = pressureRatio >= (entries.get(3) ?? 1);
    const countedBytes = insideBytes * (isCritical ? CRITICAL_COUNTS : 1);
    const ratios = constraints.filter(({ weight }) => weight === 'fully').map((one) => ratioWithout(one, countedBytes));
    const ratio = ratios.length === 0 ? pressureRatio : Math.max(...ratios);
    for (const [asked, entry] of entries) if (asked <= level && ratio >= entry) return asked;
    return 0;
  };
}

/** Under a ceiling that counts what the process takes from outside. */
function ratioWithout({ constraint, utilizationRatio, limitBytes }: ConstraintAssessment, insideBytes: number): number {
  if (constraint === 'heap' || constraint === 'worker') return utilizationRatio;
  return utilizationRatio - insideBytes / limitBytes;
}
