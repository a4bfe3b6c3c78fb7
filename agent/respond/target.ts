import type { Level } from '../model/level.ts';
import type { LevelRatios } from '../model/policy.ts';

/** Bytes it would help to give back: the policy's part of RSS; 0 at normal, where the policy has none, or while RSS is unknown. */
export function reclaimTargetBytes(level: Level, rssBytes: number, targets: LevelRatios): number {
  const ratio = level === 0 ? 0 : (targets[level - 1] ?? 0);
  return Number.isFinite(rssBytes) ? Math.round(ratio * rssBytes) : 0;
}
