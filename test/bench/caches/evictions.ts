/** What is evicted, and what is measured of it. */
export const EVICTION_KINDS = ['buffers', 'texts', 'objects'] as const;
export type EvictionKind = (typeof EVICTION_KINDS)[number];

export interface EvictionFigures {
  readonly outcome: string;
  readonly detail: string;
  readonly promisedBytes: number;
  readonly freedBytes: number;
  /** By the agent's own account. */
  readonly saidBlockMs: number;
  /** Longest turn of the event loop, collections not counted. */
  readonly longestBlockMs: number;
  /** Forced, by the agent's own account. */
  readonly collectionsMs: number;
  readonly longestCollectionMs: number;
  /** Entries. */
  readonly left: number;
}

/** B14. */
export const ALLOWED_BLOCK_MS = 10;
