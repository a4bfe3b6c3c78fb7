/** Empties caches because somebody who may says so: what was found by itself, and what is never to be evicted, only by its name. */
import type { ClearedCache, FollowedCache } from './model/cache.ts';
import { pause, type Clock } from './sample/clock.ts';

/** Longest part of a turn that it takes, ms. */
const SLICE_MS = 5;
const BETWEEN_SLICES_MS = 1;

export async function clearCaches(
  caches: readonly FollowedCache[],
  name: string | undefined,
  clock: Clock,
): Promise<readonly ClearedCache[]> {
  const cleared: ClearedCache[] = [];
  for (const cache of caches) {
    const isMeant =
      name === undefined ? cache.priority !== 'never' && !cache.status().isDiscovered : cache.name === name;
    if (isMeant) cleared.push(await clearOne(cache, clock));
  }
  return cleared;
}

async function clearOne(cache: FollowedCache, clock: Clock): Promise<ClearedCache> {
  let entries = 0;
  let bytes = 0;
  for (;;) {
    const untilMs = clock.monotonicMs() + SLICE_MS;
    const gone = cache.evict(Infinity, () => clock.monotonicMs() >= untilMs);
    entries += gone.entries;
    bytes += gone.bytes;
    if (gone.entries === 0 || cache.status().entries === 0) return { name: cache.name, entries, bytes };
    await pause(clock, BETWEEN_SLICES_MS);
  }
}
