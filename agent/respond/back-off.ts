/**
 * How long an action waits after a run: its cool-down, and longer each time it did not help. As the OpenTelemetry Collector's
 * memory_limiter does with garbage collections that free less than 5 %: from 1 s doubled up to 30 s where the limit is about to be reached;
 * here from a quarter of a second, as a process that fills 200 MB/s has no second to lose, and from the cool-down doubled up to 5 min where
 * the limit is far. The level going down by itself ends it.
 */
import type { Level } from '../model/level.ts';

const LEAST_WAIT_MS = 1_000;
const LEAST_URGENT_WAIT_MS = 250;
const LONGEST_URGENT_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 300_000;

export interface BackOff {
  /** How often in a row it did not help. */
  failures(): number;
  /** From the end of the last run on. */
  waitMs(level: Level, isUrgent: boolean): number;
  started(level: Level): void;
  ended(didHelp: boolean): void;
  /** At each sample: the level as it is. */
  observe(level: Level): void;
}

export function createBackOff(coolDownMs: number): BackOff {
  let failures = 0;
  /** At which it ran last; below it, it recovered by itself. */
  let ranAt: Level = 0;

  function afterFailure(level: Level, isUrgent: boolean): number {
    // once, as things are different now
    if (level === 3 && ranAt < 3) return 0;
    if (isUrgent) return Math.min(LEAST_URGENT_WAIT_MS * 2 ** (failures - 1), LONGEST_URGENT_WAIT_MS);
    const base = Math.max(coolDownMs, LEAST_WAIT_MS);
    return Math.min(base * 2 ** failures, Math.max(base, LONGEST_WAIT_MS));
  }

  return {
    failures: () => failures,
    waitMs(level, isUrgent) {
      if (failures > 0) return afterFailure(level, isUrgent);
      return level > ranAt || isUrgent ? 0 : coolDownMs;
    },
    started(level) {
      ranAt = level;
    },
    ended(didHelp) {
      failures = didHelp ? 0 : failures + 1;
    },
    observe(level) {
      if (level < ranAt) failures = 0;
    },
  };
}
