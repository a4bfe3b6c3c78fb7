/**
 * How full the old generation of a worker thread is, from outside, where only the whole heap's use can be read: old and young
 * together. The young part may be as large as a small limit (Node 26: 32 MB of garbage), and a worker dies when its old one is
 * full: with used ÷ old limit at .88 to 1.1 in Node 22, 24 and 26, by objects, strings and arrays. What tells the two apart is what
 * collections took before.
 */

/** V8 grows its young generation in doublings: the next collection takes at most twice what the largest of the last ones took. */
const NEXT_COLLECTION_TAKES = 2;
/** So many collections back; more would count garbage of the start against a worker that fills up later. */
const COLLECTIONS = 8;

/**
 * V8 counts pages against the limit, and strings leave gaps: Node 26 died with .88 to .91 in use and .96 to 1.03 in pages. As for the
 * main thread's heap (agent/classify/constraints.ts) they count when nearly full. Before V8 is known to have collected, only with
 * hardly a young generation among them: its first growth at .24 over the limit looks the same otherwise.
 */
const PAGES_COUNT_FROM = 0.95;
const PAGES_COUNT_FROM_USED = 0.85;
const FIRST_PAGES_COUNT_TO = 1.05;

/** The largest half of a young generation (Node 26): who grew by more has been collected, though nothing was seen to fall. */
const COLLECTED_AFTER_BYTES = 32 * 2 ** 20;

/** A worker that fills up so, within `least`'s window and with no more taken, ends as low as .86 in use (Node 24, a busy machine). */
const FILLING_RATIO = 0.2;
const FILLING_TOOK_RATIO = 0.05;
const FILLING_PAGES_COUNT_FROM_USED = 0.8;

/** Node raises the limit by 16 MB when V8 gives up, and ends the worker then. */
const RAISED_LIMIT_BYTES = 8 * 2 ** 20;

/** The least use of so long is what collections of the young generation leave: seconds for a small heap. */
const LEAST_MIN_MS = 5_000;
const LEAST_MAX_MS = 30_000;
const FILLED_BYTES_PER_MS = 40_000;
const LEAST_PARTS = 6;

/** For so long what the largest collection took is held to be garbage when it comes back: one of the old generation. */
const LARGEST_MS = 300_000;

/** Of the whole heap of a worker, as V8 tells it. */
export interface HeapReading {
  readonly used_heap_size: number;
  readonly total_heap_size: number;
  readonly heap_size_limit: number;
}

export interface WorkerUse {
  /** Takes one more reading. */
  observe(reading: HeapReading, atMs: number): void;
  /** Of the whole heap, as last read. */
  usedBytes(): number;
  /** What the old generation holds at least, garbage of its own included; by two readings, of which the lower one counts. */
  currentBytes(): number;
  /** What collections leave, of either generation. */
  steadyBytes(): number;
}

/** A collection as it looks from outside: a step down of the use. */
interface Collection {
  readonly tookBytes: number;
  readonly leftBytes: number;
  readonly atMs: number;
}

const NONE: Collection = { tookBytes: 0, leftBytes: 0, atMs: -Infinity };

export function createWorkerUse(limitBytes: number): WorkerUse {
  const last: Collection[] = [];
  const least = createLeast(Math.min(LEAST_MAX_MS, Math.max(LEAST_MIN_MS, limitBytes / FILLED_BYTES_PER_MS)));
  let largest = NONE;
  let isFalling = false;
  let usedBytes = Number.NaN;
  let leastBytes = Number.NaN;
  let firstUsedBytes = Number.NaN;
  let estimateBytes = Infinity;
  let currentBytes = Number.NaN;
  let smallestLimitBytes = Infinity;

  /** One collection may be seen in several steps down: V8 sweeps while the program runs. */
  function noteCollection(fellBytes: number, leftBytes: number, atMs: number): void {
    if (fellBytes > 0) {
      const before = isFalling ? (last.pop()?.tookBytes ?? 0) : 0;
      const collection = { tookBytes: before + fellBytes, leftBytes, atMs };
      last.push(collection);
      if (last.length > COLLECTIONS) last.shift();
      if (collection.tookBytes >= largest.tookBytes / 2) largest = collection;
    }
    isFalling = fellBytes > 0;
    if (atMs - largest.atMs > LARGEST_MS) largest = NONE;
  }

  function estimate(pagesBytes: number): number {
    const left = last.at(-1)?.leftBytes ?? 0;
    const took = last.reduce((most, { tookBytes }) => Math.max(most, tookBytes), 0);
    const oldBytes = Math.max(left, leastBytes, usedBytes - NEXT_COLLECTION_TAKES * took);
    const oldPagesBytes = pagesBytes - (usedBytes - oldBytes);
    const hasOutgrownYoung = usedBytes - firstUsedBytes > COLLECTED_AFTER_BYTES;
    const isFilling =
      hasOutgrownYoung &&
      usedBytes - leastBytes >= FILLING_RATIO * limitBytes &&
      took <= FILLING_TOOK_RATIO * limitBytes;
    const isWellFilled = isFilling
      ? usedBytes >= FILLING_PAGES_COUNT_FROM_USED * limitBytes
      : oldBytes >= PAGES_COUNT_FROM_USED * limitBytes;
    const isFull =
      isWellFilled &&
      (last.length > 0 || hasOutgrownYoung || oldPagesBytes <= FIRST_PAGES_COUNT_TO * limitBytes) &&
      oldPagesBytes >= PAGES_COUNT_FROM * limitBytes;
    return isFull ? Math.max(oldBytes, Math.min(oldPagesBytes, limitBytes)) : oldBytes;
  }

  return {
    observe({ used_heap_size: bytes, total_heap_size: pagesBytes, heap_size_limit: heapSizeLimitBytes }, atMs) {
      noteCollection(usedBytes - bytes, bytes, atMs);
      usedBytes = bytes;
      if (Number.isNaN(firstUsedBytes)) firstUsedBytes = bytes;
      leastBytes = least(bytes, atMs);
      smallestLimitBytes = Math.min(smallestLimitBytes, heapSizeLimitBytes);
      const before = estimateBytes;
      estimateBytes = estimate(pagesBytes);
      const isOver = heapSizeLimitBytes > smallestLimitBytes + RAISED_LIMIT_BYTES;
      currentBytes = isOver ? Math.max(bytes, limitBytes) : Math.min(before, estimateBytes);
    },
    usedBytes: () => usedBytes,
    currentBytes: () => currentBytes,
    steadyBytes: () => Math.min(leastBytes, Math.max(largest.leftBytes, leastBytes - largest.tookBytes)),
  };
}

/** Told each value, answers with the least of the last so many ms. */
function createLeast(ms: number): (value: number, atMs: number) => number {
  const parts = new Float64Array(LEAST_PARTS).fill(Infinity);
  let newest = -Infinity;
  return (value, atMs) => {
    const part = Math.floor((atMs / ms) * LEAST_PARTS);
    for (let passed = Math.max(newest + 1, part - LEAST_PARTS + 1); passed <= part; passed += 1) {
      parts[passed % LEAST_PARTS] = Infinity;
    }
    newest = part;
    parts[part % LEAST_PARTS] = Math.min(value, parts[part % LEAST_PARTS] ?? Infinity);
    return Math.min(...parts);
  };
}
