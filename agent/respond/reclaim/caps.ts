/**
 * What gave memory back does not take it again at once: it may hold no more than it was left with, and after the episode a little more
 * each second, as memory allows (as CacheLib does), until it is where it was before.
 */
import type { FollowedCache } from '../../model/cache.ts';

const STEP_MS = 1_000;
/** A step is this part of what a cache held … */
const STEP_RATIO = 0.05;
/** … but all caches together no more than this part of the headroom. */
const HEADROOM_RATIO = 0.05;

/** Of what it held before the episode: a cache that is empty is no cache, and so little is never what a process dies of. */
const LEAST_RATIO = 0.05;

/** It is asked for at each sample. */
const MOST_LOOKED_AT = 50;

interface Cap {
  entries: number;
  /** The episode is over for it when it may hold as many again. */
  readonly wereEntries: number;
  readonly bytesPerEntry: number;
}

export interface Caps {
  /** `before`: what it held when it was asked. */
  set(cache: FollowedCache, before: { readonly entries: number; readonly bytes: number }): void;
  areSet(): boolean;
  /** What a cache keeps, however long an episode takes: 0 where it gave nothing in this one. */
  leastEntries(cache: FollowedCache): number;
  /** Held above the caps; of many, by some of them. */
  overBytes(): number;
  /** At each sample without pressure. */
  raise(headroomBytes: number | undefined): void;
  release(): void;
}

export function createCaps(monotonicMs: () => number): Caps {
  const caps = new Map<FollowedCache, Cap>();
  let steppedMs = Number.NEGATIVE_INFINITY;
  let lastHeadroomBytes = Number.POSITIVE_INFINITY;

  function lift(cache: FollowedCache, cap: Cap, allowedBytes: number): void {
    const step = Math.min(allowedBytes / cap.bytesPerEntry, cap.wereEntries * STEP_RATIO);
    cap.entries += Math.max(1, Math.floor(step));
    const { entries: ownMost } = cache.status().limit;
    const isOver = cap.entries >= Math.min(cap.wereEntries, ownMost ?? Number.POSITIVE_INFINITY);
    if (isOver) caps.delete(cache);
    cache.cap(isOver ? undefined : cap.entries);
  }

  return {
    set(cache, before) {
      const known = caps.get(cache);
      const entries = Math.min(cache.status().entries, known?.entries ?? Number.POSITIVE_INFINITY);
      const wereEntries = Math.max(known?.wereEntries ?? 0, before.entries);
      const bytesPerEntry = Math.max(1, before.bytes / Math.max(1, before.entries));
      caps.set(cache, { entries, wereEntries, bytesPerEntry });
      cache.cap(entries);
      lastHeadroomBytes = Number.POSITIVE_INFINITY;
    },
    areSet: () => caps.size > 0,
    leastEntries: (cache) => Math.ceil((caps.get(cache)?.wereEntries ?? 0) * LEAST_RATIO),
    overBytes() {
      let bytes = 0;
      let looked = 0;
      for (const [cache, { entries, bytesPerEntry }] of caps) {
        if (looked >= MOST_LOOKED_AT) break;
        looked += 1;
        bytes += Math.max(0, cache.status().entries - entries) * bytesPerEntry;
      }
      return looked === 0 ? 0 : bytes * (caps.size / looked);
    },
    raise(headroomBytes) {
      const nowMs = monotonicMs();
      if (caps.size === 0 || nowMs - steppedMs < STEP_MS) return;
      steppedMs = nowMs;
      const headroom = headroomBytes ?? Number.POSITIVE_INFINITY;
      const allowedBytes = Math.max(0, headroom * HEADROOM_RATIO);
      const shrankBytes = lastHeadroomBytes - headroom;
      lastHeadroomBytes = headroom;
      // use grows faster than caches may: they wait
      if (Number.isFinite(shrankBytes) && shrankBytes > allowedBytes) return;
      const each = allowedBytes / caps.size;
      for (const [cache, cap] of caps) lift(cache, cap, each);
    },
    release() {
      for (const cache of caps.keys()) cache.cap(undefined);
      caps.clear();
    },
  };
}
