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
export const LEAST_GARBAGE_BYTES = 8 * 2 ** 20;
/** Nor is less than this part of what is left, or of what is wanted. */
export const WORTH_RATIO = 0.25;
/** A collection goes before the caches when it may give this part of the target. */
const FIRST_RATIO = 1 / 3;
/** Less is not worth asking for. */
export const LEAST_EVICTION_BYTES = 2 ** 20;
/** Part of the time that collections may take: at elevated there is time, above it collecting late costs more. */
const COLLECTING_RATIO: Readonly<Record<Level, number>> = [0.05, 0.05, 0.1, 0.1];
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
  /** That memory asks for at this moment; the one it is held at may be higher. */
  readonly level: Level;
  /** The policy's target is due; 0: it is not. */
  readonly targetBytes: number;
  /** The limit may be reached before the cool-down is over. */
  readonly isPressing: boolean;
  readonly isHeapBound: boolean;
  readonly headroomBytes: number;
  /** Freed in this process and not back with the kernel. */
  readonly insideBytes: number;
  /** There is someone to ask. */
  readonly canAsk: boolean;
  readonly canCollect: boolean;
  readonly memory: MemoryUse;
  /** What the last major collection left. */
  readonly leftBytes: number;
  /** Since the last forced collection. */
  readonly restedMs: number;
  /** What capped caches hold above their caps: they fill faster than they are trimmed. */
  readonly overBytes: number;
  /** Promised and not collected yet. */
  readonly pendingBytes: number;
  /** Part of what grew since the last major collection that is garbage, by experience. */
  readonly garbageRatio: number;
  /** Empty pages of the heap that a dear collection would give back to the kernel; 0: it would be too dear. */
  readonly returnableBytes: number;
  /** Caches are held where they are, or there are none: what grew since the last collection may well be garbage. */
  readonly isTelling: boolean;
  /** What one collection would take when so much of what is held is garbage. */
  predictMs(garbageBytes: number): number;
  readonly line: Line | undefined;
}

type GarbageSituation = Pick<Situation, 'memory' | 'garbageRatio' | 'pendingBytes' | 'leftBytes' | 'overBytes'>;

export interface Decision {
  readonly by: 'policy' | 'line';
  readonly evictBytes: number;
  readonly garbageBytes: number;
  readonly isCollecting: boolean;
  /** So much may come from a collection that it is made before anybody is asked; what it gives need not be asked for. */
  readonly isCollectingFirst: boolean;
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
  const returnBytes = wantsReturn(situation) ? situation.returnableBytes : 0;
  const evictBytes = canAsk ? worthAsking(targetBytes - pendingBytes - creditBytes(situation)) : 0;
  const may = mayCollect(situation, garbageBytes);
  const isEnough = garbageBytes >= LEAST_GARBAGE_BYTES && (level >= 2 || pendingBytes > 0);
  const isCollecting = may && (isEnough || returnBytes > 0);
  if (evictBytes === 0 && !isCollecting) return undefined;
  const isCollectingFirst = may && situation.isTelling && garbageBytes + returnBytes >= targetBytes * FIRST_RATIO;
  return { by: 'policy', evictBytes, garbageBytes, isCollecting: true, isCollectingFirst };
}

function decideByLine(situation: Situation): Decision | undefined {
  const { level, headroomBytes, restedMs, memory, canAsk } = situation;
  const garbageBytes = garbageOf(situation);
  const predictedMs = situation.predictMs(garbageBytes);
  const isCheap = restedMs >= predictedMs / COLLECTING_RATIO[level];
  const isNeeded = garbageBytes >= headroomBytes;
  const isEnough = garbageBytes >= Math.max(LEAST_GARBAGE_BYTES, headroomBytes * WORTH_RATIO);
  const isCollecting = mayCollect(situation, garbageBytes) && isEnough && (isCheap || isNeeded);
  const shrinkBytes = isCollecting && !isCheap ? memory.heldBytes * SHRINK_RATIO : 0;
  const evictBytes = canAsk && level >= 2 ? worthAsking(grownBytes(situation) + shrinkBytes) : 0;
  return evictBytes > 0 || isCollecting
    ? { by: 'line', evictBytes, garbageBytes, isCollecting, isCollectingFirst: false }
    : undefined;
}

/** From high on, where it is the whole process that is limited. */
export function wantsReturn({ level, isHeapBound }: Pick<Situation, 'level' | 'isHeapBound'>): boolean {
  return level >= 2 && !isHeapBound;
}

/** What lives and did not at the last reclaim, as far as that is known. */
function grownBytes(situation: Situation): number {
  const { line, leftBytes, garbageRatio, pendingBytes, overBytes } = situation;
  if (line === undefined) return 0;
  const surely = Math.max(0, leftBytes - line.heldBytes);
  const maybe = unexplainedBytes(situation) * (1 - garbageRatio);
  return overBytes + surely + maybe - pendingBytes - creditBytes(situation);
}

/** Held, and as far as is known by nobody: a collection takes it. */
export function garbageOf(situation: GarbageSituation): number {
  const { memory, garbageRatio, pendingBytes } = situation;
  return Math.min(memory.heldBytes, pendingBytes + unexplainedBytes(situation) * garbageRatio);
}

/** Held since the last collection, and not by caches that were to hold less. */
function unexplainedBytes({ memory, leftBytes, overBytes }: GarbageSituation): number {
  return Math.max(0, memory.heldBytes - leftBytes - overBytes);
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

function creditBytes({ line, isHeapBound, memory, insideBytes }: Situation): number {
  return isHeapBound ? 0 : Math.max(insideBytes, unreturnedBytes(line, memory));
}

function mayCollect({ canCollect, predictMs }: Situation, garbageBytes: number): boolean {
  return canCollect && predictMs(garbageBytes) <= LONGEST_COLLECTION_MS;
}

function worthAsking(bytes: number): number {
  return bytes >= LEAST_EVICTION_BYTES ? bytes : 0;
}
