/** Offered load: so much is due in each slot of time; what a blocked loop missed is lost, as a client that went away. */

/** A slot brings 0.8 MB at 200 MB/s. */
const SLOT_MS = 4;

/**
 * Calls `step` as often as `perSecond` says until it answers true, the loop free between two slots. Resolves with the longest time in
 * which no slot came, ms.
 * @param {number} perSecond @param {() => boolean} step @returns {Promise<number>}
 */
export function paced(perSecond, step) {
  return new Promise((resolve) => {
    let due = 0;
    let lastMs = performance.now();
    let longestMs = 0;
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const passedMs = nowMs - lastMs;
      lastMs = nowMs;
      longestMs = Math.max(longestMs, passedMs);
      // timers come late by a part of a slot, on a busy machine by some: this much is made up for
      due = Math.min(due + (passedMs / 1000) * perSecond, (3 * SLOT_MS * perSecond) / 1000 + 1);
      for (; due >= 1; due -= 1) {
        if (!step()) continue;
        clearInterval(timer);
        resolve(longestMs);
        return;
      }
    }, SLOT_MS);
  });
}
