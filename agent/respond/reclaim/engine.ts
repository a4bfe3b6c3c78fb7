/** One reclaim after the other, from the asking to the measurement. */
import type { LevelName } from '../../model/level.ts';
import { whyOf } from '../../model/problem.ts';
import {
  NOTHING_RECLAIMED,
  type MemoryUse,
  type Reclaimer,
  type ReclaimOutcome,
  type ReclaimTotal,
} from '../../model/reclaim.ts';
import type { Outcome } from '../../model/snapshot.ts';
import { candidateOfCache, candidateOfReclaimer, type Candidate } from './candidate.ts';
import type { Caps } from './caps.ts';
import { LEAST_EVICTION_BYTES, LONGEST_COLLECTION_MS, unreturnedBytes, type Line, type Situation } from './decide.ts';
import { describeOutcome, describePlan, plannedShares } from './detail.ts';
import type { ReclaimParts } from './index.ts';
import { createLedger } from './ledger.ts';
import {
  createMeasure,
  NOTHING_MEASURED,
  sumOf,
  TELLING_BYTES,
  type Measured,
  type MeasuredSituation,
} from './measure.ts';
import { createPace } from './pace.ts';
import { createRounds, type Share } from './round.ts';

/** A reclaim by hand has as long as one by level. */
export const RECLAIM_MS = 10_000;
/** What frees less than this part of the target, and less than TELLING_BYTES, did not help. */
const EFFECTIVE_RATIO = 0.05;
/** Garbage that was there is made again as fast: collecting it gives time, evicting gives room. */
const GARBAGE_COUNTS = 0.5;

/** More are told of together. */
const MOST_PLANNED = 20;

/** What is to be done. */
export interface Order {
  readonly targetBytes: number;
  readonly evictBytes: number;
  readonly level: LevelName;
  readonly isCollecting: boolean;
  /** Before anybody is asked; what it gives is not asked for. */
  readonly isCollectingFirst: boolean;
  /** Time for asking: after it what was promised is collected. */
  readonly evictMs: number;
  /** The kernel should have memory back. */
  readonly wantsReturn: boolean;
  readonly isByHand: boolean;
}

export interface Engine {
  /** What `decide` needs to know of this moment. */
  situation(): MeasuredSituation & Pick<Situation, 'line' | 'canAsk' | 'isTelling' | 'overBytes'>;
  describe(order: Order): string;
  /** Never rejects. One that comes while another runs gets the answer of that one. */
  run(order: Order, signal: AbortSignal): Promise<ReclaimOutcome>;
  /** The last one had not the time to ask for all it should have. */
  wasCut(): boolean;
  reclaim(targetBytes: number, level: LevelName, act: boolean): Promise<ReclaimOutcome>;
  register(reclaimer: Reclaimer): () => void;
  totals(): readonly ReclaimTotal[];
  /** There is no pressure. */
  rest(): void;
}

export function createEngine(parts: ReclaimParts & { readonly caps: Caps }): Engine {
  const { collector, monotonicMs, setTimer, caps } = parts;
  const ledger = createLedger();
  const rounds = createRounds({ ...parts, ledger });
  const measure = createMeasure(collector, ledger, monotonicMs);
  const reclaimers = new Set<Reclaimer>();
  let running: Promise<ReclaimOutcome> | undefined;
  let line: Line | undefined;
  let wasCut = false;

  function askable<T extends { readonly priority: string }>(all: Iterable<T>): readonly T[] {
    return [...all].filter(({ priority }) => priority !== 'never');
  }

  /** By hand a cache may be asked for everything. */
  function candidates(isByHand: boolean): readonly Candidate[] {
    return [
      ...askable(parts.caches()).map((cache) =>
        candidateOfCache(cache, ledger.trust(cache.name), isByHand ? 0 : caps.leastEntries(cache)),
      ),
      ...askable(reclaimers).map((reclaimer) => candidateOfReclaimer(reclaimer, ledger.trust(reclaimer.name))),
    ];
  }

  function canAsk(): boolean {
    return askable(reclaimers).length > 0 || askable(parts.caches()).length > 0;
  }

  /** Caches are held where they are, or there are none: what grows is what will grow next. */
  function isTelling(): boolean {
    return caps.areSet() || !canAsk();
  }

  async function ask(order: Order, needBytes: number, signal: AbortSignal) {
    const { level, evictMs, isByHand } = order;
    const pace = createPace({ monotonicMs, setTimer });
    const { rssBytes: mostBytes } = collector.use();
    const untilMs = monotonicMs() + evictMs;
    const request = { candidates: candidates(isByHand), needBytes, level, mostBytes, pace, signal, untilMs };
    const shares = await rounds.ask(request);
    pace.pause();
    return { shares, longestBlockMs: pace.longestMs(), isCut: monotonicMs() >= untilMs };
  }

  async function execute(order: Order, signal: AbortSignal): Promise<ReclaimOutcome> {
    const { evictBytes } = order;
    measure.look();
    const request = { ...order, isTelling: isTelling() };
    const before = collector.use();
    const first = order.isCollectingFirst ? measure.collect(request) : NOTHING_MEASURED;
    const needBytes = evictBytes - Math.max(first.extraBytes * GARBAGE_COUNTS, first.returnedBytes);
    const isAsking = needBytes > 0 && needBytes >= Math.min(LEAST_EVICTION_BYTES, evictBytes);
    const asked = collector.use();
    const { shares, longestBlockMs, isCut } = isAsking ? await ask(order, needBytes, signal) : NOBODY;
    if (signal.aborted) return { ...NOTHING_RECLAIMED, outcome: 'failed', detail: 'it was told to stop' };
    const promisedBytes = shares.reduce((total, share) => total + share.promisedBytes, 0);
    const isLast = order.isCollecting && (promisedBytes > 0 || !order.isCollectingFirst);
    const last = isLast ? measure.verify(request, asked, promisedBytes) : NOTHING_MEASURED;
    const measured = sumOf(first, last);
    drawLine(before, measured);
    wasCut = isCut;
    // who had no time for more is judged by what it gave
    const wantedBytes = isCut ? promisedBytes : order.targetBytes;
    return outcomeOf(order, wantedBytes, shares, measured, longestBlockMs);
  }

  function drawLine(before: MemoryUse, { freedBytes, returnedBytes }: Measured): void {
    const { heldBytes, rssBytes } = collector.use();
    const stillBytes = unreturnedBytes(line, before);
    line = { heldBytes, rssBytes, unreturnedBytes: Math.max(0, freedBytes - returnedBytes) + stillBytes };
  }

  async function run(order: Order, signal: AbortSignal): Promise<ReclaimOutcome> {
    if (running !== undefined) return await running;
    const ours = execute(order, signal).catch((error: unknown) => failed(order, error));
    running = ours;
    const outcome = await ours;
    running = undefined;
    return outcome;
  }

  function describe({ evictBytes, isCollecting, isByHand }: Order): string {
    const count = askable(parts.caches()).length + askable(reclaimers).length;
    // a plan is asked for at each sample: it looks at few
    const many = [{ name: `${count} caches`, bytes: evictBytes }];
    const asked = evictBytes > 0 && count > MOST_PLANNED ? many : plannedShares(candidates(isByHand), evictBytes);
    const collectionMs = collector.predictMs('major', ledger.pendingBytes() + evictBytes);
    const collects = isCollecting && collector.isAvailable && collectionMs <= LONGEST_COLLECTION_MS;
    return describePlan(asked, collects ? collectionMs : undefined);
  }

  return {
    situation: () => ({
      ...measure.situation(),
      line,
      canAsk: canAsk(),
      isTelling: isTelling(),
      overBytes: caps.overBytes(),
    }),
    describe,
    run,
    wasCut: () => wasCut,
    async reclaim(targetBytes, level, act) {
      // a reclaimer that asks for a reclaim would wait for itself
      if (rounds.isCalling()) return { ...NOTHING_RECLAIMED, targetBytes, detail: 'a reclaim is running already' };
      if (!(targetBytes > 0)) return { ...NOTHING_RECLAIMED, detail: 'nothing is needed' };
      measure.look();
      const order: Order = {
        targetBytes,
        evictBytes: Math.max(0, targetBytes - ledger.pendingBytes()),
        level,
        isCollecting: true,
        isCollectingFirst: false,
        evictMs: RECLAIM_MS,
        wantsReturn: true,
        isByHand: true,
      };
      if (act) return await run(order, AbortSignal.timeout(RECLAIM_MS));
      return { ...NOTHING_RECLAIMED, targetBytes, detail: `observe: would ${describe(order) || 'do nothing'}` };
    },
    register(reclaimer) {
      reclaimers.add(reclaimer);
      return () => {
        reclaimers.delete(reclaimer);
      };
    },
    totals: ledger.totals,
    rest: measure.rest,
  };
}

const NOBODY = { shares: [], longestBlockMs: 0, isCut: false } as const;

function outcomeOf(
  { targetBytes }: Order,
  wantedBytes: number,
  asked: readonly Share[],
  { freedBytes, returnedBytes, parts, collections, collectionMs, note }: Measured,
  longestBlockMs: number,
): ReclaimOutcome {
  const shares = asked.map((share) => ({
    ...share,
    freedBytes: Math.min(share.promisedBytes, parts.get(share.name) ?? 0),
  }));
  const promisedBytes = shares.reduce((total, share) => total + share.promisedBytes, 0);
  const isTroubled = shares.some(({ trouble }) => trouble !== '');
  const gaveBytes = Math.max(freedBytes, returnedBytes);
  const outcome = {
    outcome:
      collections > 0
        ? verified(wantedBytes, gaveBytes)
        : promisedBytes > 0
          ? 'done'
          : isTroubled
            ? 'failed'
            : 'skipped',
    targetBytes,
    promisedBytes,
    freedBytes,
    returnedBytes,
    shares,
    collections,
    collectionMs,
    longestBlockMs,
  } as const;
  return { ...outcome, detail: describeOutcome(outcome, note) };
}

function verified(wantedBytes: number, gaveBytes: number): Outcome {
  const enoughBytes = Math.min(wantedBytes, Math.max(TELLING_BYTES, wantedBytes * EFFECTIVE_RATIO));
  return gaveBytes > 0 && gaveBytes >= enoughBytes ? 'done' : 'ineffective';
}

function failed({ targetBytes }: Order, error: unknown): ReclaimOutcome {
  return { ...NOTHING_RECLAIMED, outcome: 'failed', targetBytes, detail: whyOf(error) };
}
