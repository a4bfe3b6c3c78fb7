/**
 * Whether what a cache counts for itself are bytes. Owners give sizes in any unit: entries, tokens, characters of the JSON text. So it is held
 * against entries that are looked at, at first and whenever the number of entries has doubled.
 */
import type { CacheEntry } from '../../agent/model/cache.ts';
import { bytesOfEntries } from './bytes-of.ts';

/** Owners count content and leave overheads out; beyond this it is another unit. */
const MAX_FACTOR = 3;
const LOOKED_AT = 8;

export function createByteCheck(): (
  own: number | undefined,
  entries: number,
  sample: (count: number) => readonly CacheEntry[],
) => number | undefined {
  let isInBytes = false;
  let askAgainAt = 1;

  return (own, entries, sample) => {
    if (own === undefined || !(own > 0) || entries === 0) return isInBytes ? own : undefined;
    if (entries >= askAgainAt) {
      const looked = sample(LOOKED_AT);
      const factor = own / entries / (bytesOfEntries(looked) / looked.length);
      isInBytes = factor > 1 / MAX_FACTOR && factor < MAX_FACTOR;
      askAgainAt = entries * 2;
    }
    return isInBytes ? own : undefined;
  };
}
