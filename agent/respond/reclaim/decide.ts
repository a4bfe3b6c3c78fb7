/**
 * Whether to do anything at this sample, and what: a pure calculation. Two reasons exist.
 * The policy: at each level, and again after each cool-down, a part of the process's memory is given back.
 * The line: between those, while the limit would be reached before the cool-down is over, what was given back is not taken again: garbage
 * is collected as seldom as it can be, and what grew although nobody could keep it from growing is given back elsewhere.
 */
import type { Level } from '../../model/level.ts';
import type { MemoryUse } from '../../model/reclaim.ts';

/** No collection that is predicted to hold up the loop for longer is made. */
export const LONGEST_COLLECTION_MS = 200;
/** Less garbage is not worth a collection. */
const LEAST_GARBAGE_BYTES = 8 * 2 ** 20;
/** Less is not worth asking for. */
const LEAST_EVICTION_BYTES = 2 ** 20;
/** Part of the time that collections may take: at elevated there is time, above it collecting late costs more. */
const COLLECTING_RATIO: Readonly<Record<Level, number>> = [0, 0.05, 0.1, 0.1];
/** Collections cost by what lives: where they take too long, this part of it goes. */
const SHRINK_RATIO = 0.1;

/** How things were at the end of the last reclaim. */
export interface Line {
  readonly heldBytes: number;
  readonly rssBytes: number;
  /** Freed inside of the process, and not given back to the kernel: it is used again before anything grows. */
  readonly unreturnedBytes: number;
}

export interface Situation {
  readonly level: Level;
  /** The policy's target is due; 0: it is not. */
  readonly targetBytes: number;
  /** The limit will be reached before the cool-down is over. */
  readonly isPressing: boolean;
  readonly isHeapBound: boolean;
  readonly headroomBytes: number;
  /** There is someone to ask. */
  readonly canAsk: boolean;
  readonly canCollect: boolean;
  readonly memory: MemoryUse;
  /** What the last major collection left. */
  readonly leftBytes: number;
  /** Since the last forced collection. */
  readonly restedMs: number;
  /** Promised and not collected yet. */
  readonly pendingBytes: number;
  /** Part of what grew since the last major collection that is garbage, by experience. */
  readonly garbageRatio: number;
  /** What one collection would take. */
  readonly predictedMs: number;
  readonly line: Line | undefined;
}

export interface Decision {
  readonly by: 'policy' | 'line';
  readonly evictBytes: number;
  readonly garbageBytes: number;
  readonly isCollecting: boolean;
}

export function decide(situation: Situation): Decision | undefined {
  const { targetBytes, isPressing } = situation;
  if (targetBytes > 0) {
    const byPolicy = decideByPolicy(situation);
    if (byPolicy !== undefined) return byPolicy;
  }
  return isPressing ? decideByLine(situation) : undefined;
}

function decideByPolicy(situation: Situation): Decision | undefined {
  const { level, targetBytes, canAsk, pendingBytes } = situation;
  const garbageBytes = garbageOf(situation);
  const evictBytes = canAsk ? worthAsking(targetBytes - pendingBytes - creditBytes(situation)) : 0;
  const isCollecting = mayCollect(situation) && (level >= 2 || pendingBytes > 0) && garbageBytes >= LEAST_GARBAGE_BYTES;
  if (evictBytes === 0 && !isCollecting) return undefined;
  return { by: 'policy', evictBytes, garbageBytes, isCollecting: isCollecting || evictBytes > 0 };
}

function decideByLine(situation: Situation): Decision | undefined {
  const { level, headroomBytes, predictedMs, restedMs, memory, canAsk } = situation;
  const garbageBytes = garbageOf(situation);
  const isCheap = restedMs >= predictedMs / COLLECTING_RATIO[level];
  const isNeeded = garbageBytes >= headroomBytes;
  const isCollecting = mayCollect(situation) && garbageBytes >= LEAST_GARBAGE_BYTES && (isCheap || isNeeded);
  const shrinkBytes = isCollecting && !isCheap ? memory.heldBytes * SHRINK_RATIO : 0;
  const evictBytes = canAsk && level >= 2 ? worthAsking(grownBytes(situation) + shrinkBytes) : 0;
  return evictBytes > 0 || isCollecting ? { by: 'line', evictBytes, garbageBytes, isCollecting } : undefined;
}

/** What lives and did not at the last reclaim, as far as that is known. */
function grownBytes(situation: Situation): number {
  const { line, leftBytes, memory, garbageRatio, pendingBytes } = situation;
  if (line === undefined) return 0;
  const surely = Math.max(0, leftBytes - line.heldBytes);
  const maybe = Math.max(0, memory.heldBytes - leftBytes) * (1 - garbageRatio);
  return surely + maybe - pendingBytes - creditBytes(situation);
}

function garbageOf({ memory, leftBytes, garbageRatio, pendingBytes }: Situation): number {
  const grown = Math.max(0, memory.heldBytes - leftBytes) * garbageRatio;
  return Math.min(memory.heldBytes, pendingBytes + grown);
}

/**
 * Freed memory that the kernel has not got back shows in no use of the container; it is given all the same, as long as it is not taken
 * again. Of the heap it shows.
 */
export function unreturnedBytes(line: Line | undefined, memory: MemoryUse): number {
  if (line === undefined) return 0;
  const changed = Math.max(memory.heldBytes - line.heldBytes, Math.abs(memory.rssBytes - line.rssBytes));
  return Math.max(0, line.unreturnedBytes - Math.max(0, changed));
}

function creditBytes({ line, isHeapBound, memory }: Situation): number {
  return isHeapBound ? 0 : unreturnedBytes(line, memory);
}

function mayCollect({ canCollect, predictedMs }: Situation): boolean {
  return canCollect && predictedMs <= LONGEST_COLLECTION_MS;
}

function worthAsking(bytes: number): number {
  return bytes >= LEAST_EVICTION_BYTES ? bytes : 0;
}
