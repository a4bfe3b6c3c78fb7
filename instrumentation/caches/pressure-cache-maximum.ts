/** How many entries a pressure cache may hold at this moment: less at once when a level is entered, more slowly after it. */
import type { Level } from '../../agent/model/level.ts';

/** At critical no more than this, however large the cache may be. */
const CRITICAL_ENTRIES = 50;
/** From nothing to the owner's maximum. The memory that an episode freed is not taken again in one go. */
const REGROW_MS = 100_000;

export interface Maximum {
  /** Entries, now. */
  now(): number;
  enter(level: Level): void;
}

export function createMaximum(maxEntries: number, monotonicMs: () => number): Maximum {
  let goal = maxEntries;
  /** What it was at `sinceMs`, from where it grows towards the goal. */
  let from = maxEntries;
  let sinceMs = 0;

  function now(): number {
    if (from >= goal) return goal;
    const grown = from + Math.floor(((monotonicMs() - sinceMs) / REGROW_MS) * maxEntries);
    if (grown >= goal) from = goal;
    return Math.min(grown, goal);
  }

  return {
    now,
    enter(level) {
      from = now();
      sinceMs = monotonicMs();
      goal = entriesAt(level, maxEntries);
    },
  };
}

function entriesAt(level: Level, maxEntries: number): number {
  if (level === 0) return maxEntries;
  const part = Math.max(1, Math.floor(maxEntries * (level === 1 ? 0.75 : 0.5)));
  return level === 3 ? Math.min(part, CRITICAL_ENTRIES) : part;
}
