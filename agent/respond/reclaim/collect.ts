/** Collects garbage inside the time budget, and measures what it freed. */
import type { Collector } from '../../model/reclaim.ts';
import { LONGEST_COLLECTION_MS } from './decide.ts';

/** Less is not worth the dear collection that gives the heap's empty pages back to the kernel. */
const LEAST_RETURN_BYTES = 16 * 2 ** 20;
const NEWEST_WEIGHT = 0.5;

export interface Collected {
  /** Held less, right around the collection. */
  readonly freedBytes: number;
  readonly collections: number;
  readonly collectionMs: number;
  /** Why something was left out. Empty: nothing was. */
  readonly note: string;
}

export interface Collection {
  /** Empty pages that the dear collection would give back to the kernel; 0: too few, or it would be too dear. */
  returnableBytes(): number;
  /** `wantsReturn`: it would help to give empty pages back to the kernel. */
  run(garbageBytes: number, wantsReturn: boolean): Collected;
}

export const NOTHING_COLLECTED: Collected = { freedBytes: 0, collections: 0, collectionMs: 0, note: '' };

export function createCollection(collector: Collector): Collection {
  /** Part of the heap's empty pages that the dear collection gave back, by experience. */
  let returnRatio = 1;

  function whyNot(garbageBytes: number): string | undefined {
    if (!collector.isAvailable) return 'garbage is left to V8: forced collections are off';
    const predictedMs = collector.predictMs('major', garbageBytes);
    if (predictedMs <= LONGEST_COLLECTION_MS) return undefined;
    return `garbage is left to V8: collecting it would take about ${Math.round(predictedMs)} ms`;
  }

  function returnPages(): Collected {
    const before = collector.use();
    const expectedBytes = before.heapIdleBytes * returnRatio;
    if (expectedBytes < LEAST_RETURN_BYTES) return NOTHING_COLLECTED;
    const predictedMs = collector.predictMs('last-resort');
    if (predictedMs > LONGEST_COLLECTION_MS) {
      const note = `returning empty pages to the kernel is not worth about ${Math.round(predictedMs)} ms`;
      return { ...NOTHING_COLLECTED, note };
    }
    const collectionMs = collector.collect('last-resort');
    const after = collector.use();
    const ratio = Math.max(0, before.rssBytes - after.rssBytes) / before.heapIdleBytes;
    returnRatio += NEWEST_WEIGHT * (Math.min(1, ratio) - returnRatio);
    return { freedBytes: Math.max(0, before.heldBytes - after.heldBytes), collections: 1, collectionMs, note: '' };
  }

  return {
    returnableBytes() {
      const bytes = collector.use().heapIdleBytes * returnRatio;
      const isAffordable = collector.isAvailable && collector.predictMs('last-resort') <= LONGEST_COLLECTION_MS;
      return bytes >= LEAST_RETURN_BYTES && isAffordable ? bytes : 0;
    },
    run(garbageBytes, wantsReturn) {
      const note = whyNot(garbageBytes);
      if (note !== undefined) return { ...NOTHING_COLLECTED, note };
      const { heldBytes } = collector.use();
      const majorMs = collector.collect('major');
      if (!collector.isAvailable)
        return { ...NOTHING_COLLECTED, note: 'garbage is left to V8: it cannot be forced to' };
      const freedBytes = Math.max(0, heldBytes - collector.use().heldBytes);
      const returned = wantsReturn ? returnPages() : NOTHING_COLLECTED;
      return {
        freedBytes: freedBytes + returned.freedBytes,
        collections: 1 + returned.collections,
        collectionMs: majorMs + returned.collectionMs,
        note: returned.note,
      };
    },
  };
}
