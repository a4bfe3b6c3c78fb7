/** At most `count` within any `windowMs`: the times of the latest, oldest first overwritten. */
export interface SlidingWindow {
  hasRoom(nowMs: number): boolean;
  add(nowMs: number): void;
  /** Takes the latest back. */
  undo(): void;
}

export function createSlidingWindow(count: number, windowMs: number): SlidingWindow {
  const startsMs = Array<number>(count).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let overwrittenMs = Number.NEGATIVE_INFINITY;
  return {
    hasRoom: (nowMs) => nowMs - (startsMs[next] ?? Infinity) >= windowMs,
    add(nowMs) {
      overwrittenMs = startsMs[next] ?? Number.NEGATIVE_INFINITY;
      startsMs[next] = nowMs;
      next = (next + 1) % count;
    },
    undo() {
      next = (next + count - 1) % count;
      startsMs[next] = overwrittenMs;
    },
  };
}
