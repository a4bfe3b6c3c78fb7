/** Giving memory back: what can be asked to, what was asked, what came of it. */
import type { Priority } from './cache.ts';
import type { LevelName } from './level.ts';
import type { Outcome } from './snapshot.ts';

export interface ReclaimRequest {
  /** Bytes it should give back; more is no harm, less neither. */
  readonly targetBytes: number;
  readonly level: LevelName;
  /** Aborted when its time is over. */
  readonly signal: AbortSignal;
}

/** Something of the application that can give bytes back. */
export interface Reclaimer {
  /** Shown in events and metrics. */
  readonly name: string;
  readonly priority: Priority;
  /** What it holds, when that is known. */
  bytes?(): number;
  /** Gives back, and answers how many bytes: a promise that is verified. */
  reclaim(request: ReclaimRequest): number | Promise<number>;
}

/** What one reclaimer or cache did in one reclaim. */
export interface ReclaimShare {
  readonly name: string;
  readonly askedBytes: number;
  readonly promisedBytes: number;
  /** Of what was measured, its part by its promise. */
  readonly freedBytes: number;
  /** Empty: nothing went wrong. */
  readonly trouble: string;
}

/** How a reclaim ended, its cost included. */
export interface ReclaimOutcome {
  readonly outcome: Outcome;
  /** One line for a person: what was done, or why not, or in `observe` what would have been done. */
  readonly detail: string;
  readonly targetBytes: number;
  readonly promisedBytes: number;
  /** Measured, after the collection. */
  readonly freedBytes: number;
  /** Part of it that the kernel has back. */
  readonly returnedBytes: number;
  readonly shares: readonly ReclaimShare[];
  /** Forced collections and how long they held up the loop. */
  readonly collections: number;
  readonly collectionMs: number;
  /** Longest block of the loop by the eviction, collections not counted. */
  readonly longestBlockMs: number;
}

/** Totals of a reclaimer or cache since the start. */
export interface ReclaimTotal {
  readonly reclaimer: string;
  readonly promisedBytes: number;
  readonly freedBytes: number;
}

/** Bytes that are accounted for in this process at this moment; read in microseconds. */
export interface MemoryUse {
  /** V8's heap in use and what JavaScript objects hold outside of it: what a collection makes smaller at once. */
  readonly heldBytes: number;
  /** Of `heldBytes`, the heap. */
  readonly heapBytes: number;
  /** Pages of the heap that nothing is in: the kernel does not have them back. */
  readonly heapIdleBytes: number;
  readonly rssBytes: number;
}

export type CollectionKind = 'major' | 'last-resort';

/** Forces garbage collections, and knows what one will cost. */
export interface Collector {
  /** False: this process cannot, or must not (`PLIMSOLL_GC=off`). */
  readonly isAvailable: boolean;
  /** How long it would hold up the loop, ms; learned from this process's own collections. Garbage costs little: what lives does. */
  predictMs(kind: CollectionKind, garbageBytes?: number): number;
  /** Synchronous. Answers how long it took, ms. */
  collect(kind: CollectionKind): number;
  /** A major collection that V8 made itself. */
  observe(durationMs: number): void;
  use(): MemoryUse;
  /** What the last major collection left; until there is one, what was held at the start. */
  left(): MajorMark;
}

export interface MajorMark {
  /** Major collections that V8 made itself, so far. */
  readonly ofV8: number;
  readonly heldBytes: number;
}

/** Without an agent, and where nothing is registered. */
export const NOTHING_RECLAIMED: ReclaimOutcome = {
  outcome: 'skipped',
  detail: 'nothing can be asked',
  targetBytes: 0,
  promisedBytes: 0,
  freedBytes: 0,
  returnedBytes: 0,
  shares: [],
  collections: 0,
  collectionMs: 0,
  longestBlockMs: 0,
};
