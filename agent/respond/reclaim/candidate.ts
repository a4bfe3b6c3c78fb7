/** Whatever can be asked for bytes, a cache or a reclaimer, in one form. */
import type { FollowedCache, Priority } from '../../model/cache.ts';
import type { Reclaimer } from '../../model/reclaim.ts';

export interface Candidate {
  readonly name: string;
  readonly priority: Priority;
  /** What it says it holds; NaN: it does not say. */
  readonly bytes: number;
  /** What a byte of it saves, ms per second: its hits cost this much without it. NaN: not known. */
  readonly valuePerByte: number;
  /** The part of its promises that was found to be true: 0 to 1. */
  readonly trust: number;
  readonly of: { readonly cache: FollowedCache } | { readonly reclaimer: Reclaimer };
}

/** `leastEntries`: those it is not asked for. */
export function candidateOfCache(cache: FollowedCache, trust: number, leastEntries: number): Candidate {
  const { name, priority } = cache;
  const { bytes: heldBytes, entries } = cache.status();
  const bytes = entries > 0 ? heldBytes * Math.max(0, 1 - leastEntries / entries) : heldBytes;
  const valuePerByte = bytes > 0 ? (cache.costMs() * cache.hitsPerSecond()) / bytes : Number.NaN;
  return { name, priority, bytes, valuePerByte, trust, of: { cache } };
}

export function candidateOfReclaimer(reclaimer: Reclaimer, trust: number): Candidate {
  return {
    name: reclaimer.name,
    priority: reclaimer.priority,
    bytes: bytesOf(reclaimer),
    valuePerByte: Number.NaN,
    trust,
    of: { reclaimer },
  };
}

function bytesOf(reclaimer: Reclaimer): number {
  try {
    const bytes: unknown = reclaimer.bytes?.();
    return typeof bytes === 'number' && Number.isFinite(bytes) && bytes >= 0 ? bytes : Number.NaN;
  } catch {
    return Number.NaN; // asking it will tell what is wrong
  }
}
