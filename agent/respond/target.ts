import type { Level } from '../model/level.ts';

/** Part of the process's memory it would help to give back, by level: the `conservative` policy, 15/30/50 %. */
const TARGET_RATIOS: readonly [number, number, number, number] = [0, 0.15, 0.3, 0.5];

/** Bytes; 0 at normal or while RSS is unknown. */
export function reclaimTargetBytes(level: Level, rssBytes: number): number {
  return Number.isFinite(rssBytes) ? Math.round(TARGET_RATIOS[level] * rssBytes) : 0;
}
