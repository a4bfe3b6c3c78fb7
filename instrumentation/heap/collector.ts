/** Forced garbage collections: what they cost, learned from this process's own, and what they leave. */
import type { Collector } from '../../agent/model/reclaim.ts';

export interface CollectorParts {
  /** `PLIMSOLL_GC` is not off. */
  readonly isAllowed: boolean;
  monotonicMs(): number;
}

export function createCollector(_parts: CollectorParts): Collector {
  return {
    isAvailable: false,
    predictMs: () => 0,
    collect: () => 0,
    observe() {},
    use: () => ({ heldBytes: 0, heapBytes: 0, rssBytes: 0 }),
  };
}
