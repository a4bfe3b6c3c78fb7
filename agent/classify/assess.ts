import type { ConstraintAssessment } from '../model/assessment.ts';
import { CONSTRAINTS } from '../model/constraint.ts';
import type { Row } from '../model/row.ts';
import { CEILINGS, findConstraint, growingBytesOf, isPresent, weightOf } from './constraints.ts';
import { growthBytesPerSecond, observeGrowth, timeToLimitSeconds } from './growth.ts';
import type { ClassifierMemory, Verdict } from './verdict.ts';

/** One more point for the growth of every constraint, in the order of CONSTRAINTS. */
export function observeGrowths(row: Row, before: Verdict, atMs: number): ClassifierMemory['growth'] {
  return CONSTRAINTS.map((constraint, index) => {
    const limitBytes = CEILINGS[constraint].limitBytes(row);
    const usageBytes = CEILINGS[constraint].usageBytes(row);
    if (!isPresent(usageBytes, limitBytes)) return undefined;
    // Another limit is another ceiling, at another level of the hierarchy perhaps: its past is not this one's.
    const known = findConstraint(before.assessment.constraints, constraint)?.limitBytes === limitBytes;
    const past = known ? before.memory.growth[index] : undefined;
    return observeGrowth(past, constraint, atMs, growingBytesOf(constraint, row, usageBytes), limitBytes);
  });
}

/** The ceilings that are there in this sample, in the order of CONSTRAINTS. */
export function assessConstraints(
  row: Row,
  growths: ClassifierMemory['growth'],
  stallRatio: number,
  atMs: number,
): readonly ConstraintAssessment[] {
  const present: ConstraintAssessment[] = [];
  CONSTRAINTS.forEach((constraint, index) => {
    const limitBytes = CEILINGS[constraint].limitBytes(row);
    const usageBytes = CEILINGS[constraint].usageBytes(row);
    if (!isPresent(usageBytes, limitBytes)) return;
    const growth = growths[index];
    const headroomBytes = limitBytes - usageBytes;
    const bytesPerSecond = growthBytesPerSecond(growth, atMs);
    present.push({
      constraint,
      weight: weightOf(constraint, row, stallRatio),
      usageBytes,
      limitBytes,
      utilizationRatio: usageBytes / limitBytes,
      headroomBytes,
      growthBytesPerSecond: bytesPerSecond,
      timeToLimitSeconds: timeToLimitSeconds(growth, bytesPerSecond, limitBytes, headroomBytes),
    });
  });
  return present;
}

/** The constraint with the largest utilization among those that make up pressure; the first one of equals. */
export function bindingOf(constraints: readonly ConstraintAssessment[]): ConstraintAssessment | undefined {
  let binding: ConstraintAssessment | undefined;
  for (const candidate of constraints) {
    if (candidate.weight !== 'fully') continue;
    if (binding === undefined || candidate.utilizationRatio > binding.utilizationRatio) binding = candidate;
  }
  return binding;
}
