/** One reclaim after the other, from the asking to the measurement. */
import type { LevelName } from '../../model/level.ts';
import { whyOf } from '../../model/problem.ts';
import { NOTHING_RECLAIMED, type Reclaimer, type ReclaimOutcome, type ReclaimTotal } from '../../model/reclaim.ts';
import type { Outcome } from '../../model/snapshot.ts';
import { candidateOfCache, candidateOfReclaimer, type Candidate } from './candidate.ts';
import type { Caps } from './caps.ts';
import { createCollection, NOTHING_COLLECTED, type Collected } from './collect.ts';
import { LONGEST_COLLECTION_MS, unreturnedBytes, type Line, type Situation } from './decide.ts';
import { describeOutcome, describePlan, plannedShares } from './detail.ts';
import type { ReclaimParts } from './index.ts';
import { createLedger } from './ledger.ts';
import { createPace, type Pace } from './pace.ts';
import { createRounds } from './round.ts';

/** A reclaim by hand has as long as one by level. */
export const RECLAIM_MS = 10_000;
/** A collection that frees less than this part of the target, and less than so many bytes, did not help. */
const EFFECTIVE_RATIO = 0.05;
const EFFECTIVE_BYTES = 2 ** 20;
/** Before a collection has told: half of what grew may be garbage. */
const PRIOR_GARBAGE_RATIO = 0.5;
/** However little was found the last times: a great growth is looked at again. */
const LEAST_GARBAGE_RATIO = 0.1;
const NEWEST_WEIGHT = 0.5;

/** What is to be done. */
export interface Order {
  readonly targetBytes: number;
  readonly evictBytes: number;
  readonly level: LevelName;
  readonly isCollecting: boolean;
  /** The kernel should have memory back. */
  readonly wantsReturn: boolean;
}

export interface Engine {
  /** Who may be asked. */
  canAsk(): boolean;
  /** What `decide` needs to know of memory at this moment. */
  memory(): Pick<
    Situation,
    | 'canCollect'
    | 'memory'
    | 'leftBytes'
    | 'restedMs'
    | 'pendingBytes'
    | 'garbageRatio'
    | 'predictedMs'
    | 'line'
    | 'canAsk'
  >;
  describe(order: Order): string;
  run(order: Order, signal: AbortSignal): Promise<ReclaimOutcome>;
  reclaim(targetBytes: number, level: LevelName, act: boolean): Promise<ReclaimOutcome>;
  register(reclaimer: Reclaimer): () => void;
  totals(): readonly ReclaimTotal[];
  /** There is no pressure: what the last episode taught of garbage is out of date. */
  rest(): void;
}

export function createEngine(parts: ReclaimParts & { readonly caps: Caps }): Engine {
  const { collector, monotonicMs, setTimer } = parts;
  const ledger = createLedger();
  const rounds = createRounds({ ...parts, ledger });
  const collection = createCollection(collector);
  const reclaimers = new Set<Reclaimer>();
  let running: Promise<ReclaimOutcome> | undefined;
  let line: Line | undefined;
  let collectedMs = Number.NEGATIVE_INFINITY;
  let garbageRatio = PRIOR_GARBAGE_RATIO;
  /** Whether what grows now tells what will grow next: not so while caches still grew as they liked. */
  let isTelling = false;
  let seenOfV8 = collector.left().ofV8;

  function candidates(): readonly Candidate[] {
    const caches = parts.caches().filter(({ priority }) => priority !== 'never');
    return [
      ...caches.map((cache) => candidateOfCache(cache, ledger.trust(cache.name))),
      ...[...reclaimers]
        .filter(({ priority }) => priority !== 'never')
        .map((reclaimer) => candidateOfReclaimer(reclaimer, ledger.trust(reclaimer.name))),
    ];
  }

  function noticeV8(): void {
    const { ofV8 } = collector.left();
    if (ofV8 !== seenOfV8) ledger.forget();
    seenOfV8 = ofV8;
  }

  function canAsk(): boolean {
    return reclaimers.size > 0 || parts.caches().length > 0;
  }

  /** Of what grew since the last major collection, how much was garbage beyond what was promised. */
  function learnGarbage(grownBytes: number, freedBytes: number, promisedBytes: number): void {
    if (grownBytes < EFFECTIVE_BYTES || !isTelling) return;
    const ratio = Math.min(1, Math.max(0, freedBytes - promisedBytes) / grownBytes);
    garbageRatio = Math.max(LEAST_GARBAGE_RATIO, garbageRatio + NEWEST_WEIGHT * (ratio - garbageRatio));
  }

  function collect({ targetBytes, wantsReturn, isCollecting }: Order): Collected {
    const pendingBytes = ledger.pendingBytes();
    const grownBytes = Math.max(0, collector.use().heldBytes - collector.left().heldBytes);
    const garbageBytes = pendingBytes + grownBytes * garbageRatio;
    const isWorthIt = garbageBytes >= Math.min(EFFECTIVE_BYTES, targetBytes);
    if (!isCollecting || !isWorthIt) return NOTHING_COLLECTED;
    const collected = collection.run(garbageBytes, wantsReturn);
    if (collected.collections > 0) {
      collectedMs = monotonicMs();
      learnGarbage(grownBytes, collected.freedBytes, pendingBytes);
    }
    return collected;
  }

  async function execute(order: Order, signal: AbortSignal): Promise<ReclaimOutcome> {
    const pace = createPace({ monotonicMs, setTimer });
    noticeV8();
    const before = collector.use();
    isTelling = parts.caps.areSet() || !canAsk();
    const shares =
      order.evictBytes > 0
        ? await rounds.ask({
            candidates: candidates(),
            needBytes: order.evictBytes,
            level: order.level,
            mostBytes: before.rssBytes,
            pace,
            signal,
          })
        : [];
    pace.pause();
    if (signal.aborted) return { ...NOTHING_RECLAIMED, outcome: 'failed', detail: 'it was told to stop' };
    return verify(order, before, shares, pace);
  }

  function verify(
    order: Order,
    before: Situation['memory'],
    shares: Awaited<ReturnType<typeof rounds.ask>>,
    pace: Pace,
  ): ReclaimOutcome {
    const promisedBytes = shares.reduce((total, share) => total + share.promisedBytes, 0);
    const collected = collect(order);
    const after = collector.use();
    // what was given back at once, native memory above all, was gone before the collection
    const gone = Math.max(before.heldBytes - after.heldBytes, before.rssBytes - after.rssBytes);
    const isMeasured = collected.collections > 0;
    const freedBytes = isMeasured ? Math.max(collected.freedBytes, Math.min(promisedBytes, gone), 0) : 0;
    const returnedBytes = Math.max(0, before.rssBytes - after.rssBytes);
    const parted = isMeasured ? ledger.settle(freedBytes) : new Map<string, number>();
    line = {
      heldBytes: after.heldBytes,
      rssBytes: after.rssBytes,
      unreturnedBytes: Math.max(0, freedBytes - returnedBytes) + unreturnedBytes(line, before),
    };
    const outcome = {
      outcome: outcomeOf(order.targetBytes, promisedBytes, freedBytes, isMeasured, shares),
      targetBytes: order.targetBytes,
      promisedBytes,
      freedBytes,
      returnedBytes: isMeasured ? Math.min(returnedBytes, freedBytes) : 0,
      shares: shares.map((share) => ({
        ...share,
        freedBytes: Math.min(share.promisedBytes, parted.get(share.name) ?? 0),
      })),
      collections: collected.collections,
      collectionMs: collected.collectionMs,
      longestBlockMs: pace.longestMs(),
    };
    return { ...outcome, detail: describeOutcome(outcome, collected.note) };
  }

  /** A second one that comes meanwhile gets the answer of the first. */
  async function run(order: Order, signal: AbortSignal): Promise<ReclaimOutcome> {
    if (running !== undefined) return await running;
    const ours = execute(order, signal).catch((error: unknown) => ({
      ...NOTHING_RECLAIMED,
      outcome: 'failed' as const,
      detail: whyOf(error),
    }));
    running = ours;
    const outcome = await ours;
    running = undefined;
    return outcome;
  }

  function describe({ evictBytes, isCollecting }: Order): string {
    const asked = plannedShares(candidates(), evictBytes);
    const collectionMs = collector.predictMs('major', ledger.pendingBytes() + evictBytes);
    const collects = isCollecting && collector.isAvailable && collectionMs <= LONGEST_COLLECTION_MS;
    return describePlan(asked, collects ? collectionMs : undefined);
  }

  return {
    canAsk,
    memory() {
      noticeV8();
      const memory = collector.use();
      const pendingBytes = ledger.pendingBytes();
      return {
        memory,
        pendingBytes,
        garbageRatio,
        line,
        leftBytes: collector.left().heldBytes,
        restedMs: monotonicMs() - collectedMs,
        canAsk: canAsk(),
        canCollect: collector.isAvailable,
        predictedMs: collector.predictMs('major', pendingBytes),
      };
    },
    describe,
    run,
    async reclaim(targetBytes, level, act) {
      if (rounds.isCalling()) return { ...NOTHING_RECLAIMED, detail: 'a reclaim is running already' };
      noticeV8();
      const evictBytes = Math.max(0, targetBytes - ledger.pendingBytes());
      const order: Order = { targetBytes, evictBytes, level, isCollecting: true, wantsReturn: true };
      if (targetBytes > 0 && act) return await run(order, AbortSignal.timeout(RECLAIM_MS));
      const detail = targetBytes > 0 ? `observe: would ${describe(order)}` : 'nothing is needed';
      return { ...NOTHING_RECLAIMED, targetBytes, detail };
    },
    register(reclaimer) {
      reclaimers.add(reclaimer);
      return () => {
        reclaimers.delete(reclaimer);
      };
    },
    totals: ledger.totals,
    rest() {
      garbageRatio = PRIOR_GARBAGE_RATIO;
    },
  };
}

function outcomeOf(
  targetBytes: number,
  promisedBytes: number,
  freedBytes: number,
  isMeasured: boolean,
  shares: readonly { readonly trouble: string }[],
): Outcome {
  if (!isMeasured) {
    if (promisedBytes > 0) return 'done';
    return shares.some(({ trouble }) => trouble !== '') ? 'failed' : 'skipped';
  }
  const enoughBytes = Math.min(targetBytes, Math.max(EFFECTIVE_BYTES, targetBytes * EFFECTIVE_RATIO));
  return freedBytes >= enoughBytes ? 'done' : 'ineffective';
}
