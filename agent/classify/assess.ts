import type { ConstraintAssessment } from '../model/assessment.ts';
import { CONSTRAINTS } from '../model/constraint.ts';
import type { Row } from '../model/row.ts';
import { CEILINGS, findConstraint, growingBytesOf, isPresent, weightOf } from './constraints.ts';
import { growthBytesPerSecond, observeGrowth, timeToLimitSeconds, type Growth } from './growth.ts';
import type { ClassifierMemory, Verdict } from './verdict.ts';

export interface Assessed {
  readonly constraints: readonly ConstraintAssessment[];
  readonly growth: ClassifierMemory['growth'];
}

/** The ceilings that are there in this sample, in the order of CONSTRAINTS. */
export function assessConstraints(row: Row, before: Verdict, stallRatio: number, atMs: number): Assessed {
  const constraints: ConstraintAssessment[] = [];
  const growth: (Growth | undefined)[] = [];
  for (const [index, constraint] of CONSTRAINTS.entries()) {
    const limitBytes = CEILINGS[constraint].limitBytes(row);
    const usageBytes = CEILINGS[constraint].usageBytes(row);
    if (!isPresent(usageBytes, limitBytes)) {
      growth.push(undefined);
      continue;
    }
    // Another limit is another ceiling, at another level of the hierarchy perhaps: its past is not this one's.
    const known = findConstraint(before.assessment.constraints, constraint)?.limitBytes === limitBytes;
    const past = known ? before.memory.growth[index] : undefined;
    const points = observeGrowth(past, constraint, atMs, growingBytesOf(constraint, row, usageBytes), limitBytes);
    const headroomBytes = limitBytes - usageBytes;
    const bytesPerSecond = growthBytesPerSecond(points, atMs);
    growth.push(points);
    constraints.push({
      constraint,
      weight: weightOf(constraint, row, stallRatio),
      usageBytes,
      limitBytes,
      utilizationRatio: usageBytes / limitBytes,
      headroomBytes,
      growthBytesPerSecond: bytesPerSecond,
      timeToLimitSeconds: timeToLimitSeconds(points, bytesPerSecond, limitBytes, headroomBytes),
    });
  }
  return { constraints, growth };
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
