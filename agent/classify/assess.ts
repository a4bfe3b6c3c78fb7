import type { ConstraintAssessment } from '../model/assessment.ts';
import { CONSTRAINTS, type Constraint } from '../model/constraint.ts';
import type { Row } from '../model/row.ts';
import { findConstraint, growingBytesOf, isPresent, limitBytesOf, usageBytesOf, weightOf } from './constraints.ts';
import { growthBytesPerSecond, observeGrowth, timeToLimitSeconds, type Growth, type Growths } from './growth.ts';
import type { Verdict } from './verdict.ts';

/** One more point for the growth of every constraint. */
export function observeGrowths(row: Row, before: Verdict, atMs: number): Growths {
  return {
    heap: growthOf('heap', row, before, atMs),
    container: growthOf('container', row, before, atMs),
    budget: growthOf('budget', row, before, atMs),
    throttle: growthOf('throttle', row, before, atMs),
    host: growthOf('host', row, before, atMs),
    worker: growthOf('worker', row, before, atMs),
  };
}

function growthOf(constraint: Constraint, row: Row, before: Verdict, atMs: number): Growth | undefined {
  const limitBytes = limitBytesOf(constraint, row);
  const usageBytes = usageBytesOf(constraint, row);
  if (!isPresent(usageBytes, limitBytes)) return undefined;
  // Another limit is another ceiling, at another level of the hierarchy perhaps: its past is not this one's.
  const isKnown = findConstraint(before.assessment.constraints, constraint)?.limitBytes === limitBytes;
  const past = isKnown ? before.memory.growth[constraint] : undefined;
  return observeGrowth(past, constraint, atMs, growingBytesOf(constraint, row, usageBytes), limitBytes);
}

/** The ceilings that are there in this sample, in the order of CONSTRAINTS. */
export function assessConstraints(
  row: Row,
  growths: Growths,
  stallRatio: number,
  atMs: number,
): readonly ConstraintAssessment[] {
  const present: ConstraintAssessment[] = [];
  for (const constraint of CONSTRAINTS) {
    const limitBytes = limitBytesOf(constraint, row);
    const usageBytes = usageBytesOf(constraint, row);
    if (!isPresent(usageBytes, limitBytes)) continue;
    const growth = growths[constraint];
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
  }
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
