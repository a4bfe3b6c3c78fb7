/**
 * Which level of the hierarchy counts: the one whose unreclaimable memory is the largest part of its limit.
 * Usage and limit always come from the same level.
 */
import type { CgroupLevel } from './cgroup-level.ts';

/** A limit at or above the host's memory cannot be what the process dies of; NaN stays NaN: it is not known. */
export function effectiveLimit(bytes: number, hostTotalBytes: number): number {
  return bytes >= hostTotalBytes ? Number.POSITIVE_INFINITY : bytes;
}

export type LimitKind = 'limitBytes' | 'highBytes';

/**
 * The fullest level against its `kind` of limit; undefined when none has one. Own group first in `levels`, so it wins
 * a tie. Reads the parts of those it has to compare: that is dear, so not where even all of the usage would make less
 * than the fullest level so far.
 */
export function fullestLevel(levels: readonly CgroupLevel[], kind: LimitKind): CgroupLevel | undefined {
  let fullest: CgroupLevel | undefined;
  let fullestRatio = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < levels.length; i += 1) {
    const level = levels[i];
    const limitBytes = level?.[kind] ?? Number.NaN;
    if (level === undefined || !(limitBytes < Number.POSITIVE_INFINITY)) continue;
    fullest ??= level;
    if (level.usageBytes / limitBytes <= fullestRatio) continue;
    if (!level.hasFreshParts) level.readParts();
    const ratio = level.unreclaimableBytes / limitBytes;
    if (ratio > fullestRatio) {
      fullest = level;
      fullestRatio = ratio;
    }
  }
  return fullest;
}
