/** Collections as a reclaim makes them: whether it is worth one, what it gave, and whose promise that keeps. */
import type { Collector, MemoryUse } from '../../model/reclaim.ts';
import { createCollection, NOTHING_COLLECTED, type Collected } from './collect.ts';
import { LEAST_GARBAGE_BYTES, WORTH_RATIO, type Situation } from './decide.ts';
import type { Ledger } from './ledger.ts';

/** A change of what is held that says something. */
export const TELLING_BYTES = 2 ** 20;
/** Before a collection has told: half of what grew may be garbage. */
const PRIOR_GARBAGE_RATIO = 0.5;
/** However little was found the last times: a great growth is looked at again. */
const LEAST_GARBAGE_RATIO = 0.1;
const NEWEST_WEIGHT = 0.5;

export interface Measured extends Collected {
  readonly returnedBytes: number;
  /** What nobody had promised. */
  readonly extraBytes: number;
  /** Of each that had promised. */
  readonly parts: ReadonlyMap<string, number>;
}

export const NOTHING_MEASURED: Measured = {
  ...NOTHING_COLLECTED,
  returnedBytes: 0,
  extraBytes: 0,
  parts: new Map(),
};

export interface MeasureRequest {
  readonly targetBytes: number;
  /** It would help to give empty pages back to the kernel. */
  readonly wantsReturn: boolean;
  /** What grew since the last collection tells what will grow next: not so while caches grew as they liked. */
  readonly isTelling: boolean;
  /** Collected even when nothing seems to be garbage: what died since the last collection shows nowhere. */
  readonly isByHand: boolean;
}

export interface Measure {
  collect(request: MeasureRequest): Measured;
  /** The collection after caches and reclaimers were asked: `asked` is how things were before. */
  verify(request: MeasureRequest, asked: MemoryUse, promisedBytes: number): Measured;
  situation(): MeasuredSituation;
  look(): void;
  /** There is no pressure: what the last episode taught of garbage is out of date. */
  rest(): void;
}

export type MeasuredSituation = Pick<
  Situation,
  'canCollect' | 'memory' | 'leftBytes' | 'restedMs' | 'pendingBytes' | 'garbageRatio' | 'returnableBytes' | 'predictMs'
>;

export function createMeasure(collector: Collector, ledger: Ledger, monotonicMs: () => number): Measure {
  const collection = createCollection(collector);
  let collectedMs = Number.NEGATIVE_INFINITY;
  let garbageRatio = PRIOR_GARBAGE_RATIO;
  let forcedLeftBytes = Number.POSITIVE_INFINITY;
  let seenOfV8 = collector.left().ofV8;

  /** What was promised before V8 collected by itself is gone, and nobody measured it. */
  function look(): void {
    const { ofV8 } = collector.left();
    if (ofV8 !== seenOfV8) ledger.forget();
    seenOfV8 = ofV8;
  }

  /** V8's own collections leave what became garbage while they marked, which is most of it where much is made: a forced one does not. */
  function leftBytes(): number {
    return Math.min(forcedLeftBytes, collector.left().heldBytes);
  }

  /** Of what grew since the last major collection, how much was garbage beyond what was promised. */
  function learnGarbage(grownBytes: number, extraBytes: number): void {
    if (grownBytes < TELLING_BYTES) return;
    const ratio = Math.min(1, extraBytes / grownBytes);
    garbageRatio = Math.max(LEAST_GARBAGE_RATIO, garbageRatio + NEWEST_WEIGHT * (ratio - garbageRatio));
  }

  function collect(request: MeasureRequest, asked: MemoryUse, promisedBytes: number): Measured {
    const { targetBytes, wantsReturn, isTelling, isByHand } = request;
    const pendingBytes = ledger.pendingBytes();
    const grownBytes = Math.max(0, collector.use().heldBytes - leftBytes());
    const garbageBytes = pendingBytes + grownBytes * garbageRatio;
    const isWorthIt =
      isByHand ||
      garbageBytes >= Math.min(LEAST_GARBAGE_BYTES, targetBytes * WORTH_RATIO) ||
      (wantsReturn && collection.returnableBytes() > 0);
    if (!isWorthIt) return NOTHING_MEASURED;
    const collected = collection.run(garbageBytes, wantsReturn);
    if (collected.collections === 0) return { ...NOTHING_MEASURED, ...collected };
    collectedMs = monotonicMs();
    const extraBytes = Math.max(0, collected.freedBytes - pendingBytes);
    if (isTelling) learnGarbage(grownBytes, extraBytes);
    const after = collector.use();
    forcedLeftBytes = after.heldBytes;
    const returnedBytes = Math.max(0, asked.rssBytes - after.rssBytes);
    const goneBytes = asked.heldBytes - after.heldBytes;
    const freedBytes = freedOf(promisedBytes, collected.freedBytes, goneBytes, returnedBytes);
    return { ...collected, freedBytes, returnedBytes, extraBytes, parts: ledger.settle(freedBytes) };
  }

  return {
    collect: (request) => collect(request, collector.use(), 0),
    verify: collect,
    look,
    situation() {
      look();
      return {
        memory: collector.use(),
        pendingBytes: ledger.pendingBytes(),
        garbageRatio,
        leftBytes: leftBytes(),
        restedMs: monotonicMs() - collectedMs,
        canCollect: collector.isAvailable,
        returnableBytes: collection.returnableBytes(),
        predictMs: (garbageBytes) => collector.predictMs('major', garbageBytes),
      };
    },
    rest() {
      garbageRatio = PRIOR_GARBAGE_RATIO;
      forcedLeftBytes = Number.POSITIVE_INFINITY;
    },
  };
}

/**
 * The collection took what died while caches were asked too, the evictions' own garbage above all; since before they were asked the
 * application has allocated. What is true lies between the two, and a promise is believed as far as that allows. Native memory is
 * gone at once, and only the kernel tells of it.
 */
function freedOf(promisedBytes: number, collectedBytes: number, goneBytes: number, returnedBytes: number): number {
  const least = Math.max(0, Math.min(collectedBytes, goneBytes));
  const most = Math.max(collectedBytes, goneBytes, Math.min(promisedBytes, returnedBytes));
  return Math.min(Math.max(promisedBytes, least), most);
}

export function sumOf(first: Measured, last: Measured): Measured {
  return {
    freedBytes: first.freedBytes + last.freedBytes,
    returnedBytes: first.returnedBytes + last.returnedBytes,
    extraBytes: first.extraBytes + last.extraBytes,
    collections: first.collections + last.collections,
    collectionMs: first.collectionMs + last.collectionMs,
    parts: last.parts,
    note: last.note || first.note,
  };
}
