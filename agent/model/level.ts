/** The four levels, in rising order; the index is what metrics and records carry (0..3). */
export const LEVELS = ['normal', 'elevated', 'high', 'critical'] as const;

export type LevelName = (typeof LEVELS)[number];

/** 0 normal, 1 elevated, 2 high, 3 critical. */
export type Level = 0 | 1 | 2 | 3;

export function levelName(level: Level): LevelName {
  return LEVELS[level];
}

/** Every pair of different levels, in a fixed order: the columns of the transition counters. */
export const TRANSITIONS: readonly (readonly [from: Level, to: Level])[] = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 0],
  [1, 2],
  [1, 3],
  [2, 0],
  [2, 1],
  [2, 3],
  [3, 0],
  [3, 1],
  [3, 2],
];
