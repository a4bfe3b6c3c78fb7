/** How often something happened in a second, over the last minute. */
const SLOT_MS = 10_000;
const SLOTS = 7;

export interface Rate {
  note(nowMs: number, total: number): void;
  /** NaN: not known. */
  perSecond(): number;
}

export function createRate(): Rate {
  const atMs = new Float64Array(SLOTS).fill(Number.NaN);
  const totals = new Float64Array(SLOTS);
  let newest = 0;
  let rate = Number.NaN;

  return {
    note(nowMs, total) {
      if (Number.isNaN(total)) return;
      // a count that fell was started anew by its owner
      if (total < (totals[newest] ?? 0)) atMs.fill(Number.NaN);
      if (!(nowMs - (atMs[newest] ?? Number.NaN) < SLOT_MS)) {
        newest = (newest + 1) % SLOTS;
        atMs[newest] = nowMs;
        totals[newest] = total;
      }
      let oldest = (newest + 1) % SLOTS;
      while (oldest !== newest && Number.isNaN(atMs[oldest])) oldest = (oldest + 1) % SLOTS;
      const seconds = (nowMs - (atMs[oldest] ?? nowMs)) / 1000;
      if (seconds >= 1) rate = (total - (totals[oldest] ?? total)) / seconds;
    },
    perSecond: () => rate,
  };
}
