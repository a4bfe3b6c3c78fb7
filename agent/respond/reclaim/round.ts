/** Asks class after class until enough is promised. Nobody is asked for more because what was promised has not been seen yet. */
import type { LevelName } from '../../model/level.ts';
import { problem, type Problem } from '../../model/problem.ts';
import type { Reclaimer, ReclaimShare } from '../../model/reclaim.ts';
import { askCache, askReclaimer, type Answer } from './ask.ts';
import type { Candidate } from './candidate.ts';
import type { Caps } from './caps.ts';
import type { Ledger } from './ledger.ts';
import type { Pace } from './pace.ts';
import { classesOf, shareOut } from './shares.ts';

/** A class is asked a second time for what some of it could not give. */
const ROUNDS = 2;
/** Who gives less than this part of what it was asked for has nothing left. */
const EMPTY_BELOW = 0.9;

/** For so little no class is asked that is worth more, or believed less. */
const MISSING_RATIO = 0.05;

export interface RoundParts {
  readonly ledger: Ledger;
  readonly caps: Caps;
  monotonicMs(): number;
  setTimer(callback: () => void, ms: number): () => void;
  onProblem(problem: Problem): void;
}

export interface RoundRequest {
  readonly candidates: readonly Candidate[];
  readonly needBytes: number;
  readonly level: LevelName;
  readonly mostBytes: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Nobody is asked after this. */
  readonly untilMs: number;
}

export type Share = Omit<ReclaimShare, 'freedBytes'>;

interface Asked {
  readonly candidate: Candidate;
  readonly share: Share;
}

export interface Rounds {
  /** A reclaimer is being called this moment: what it calls is no new reclaim. */
  isCalling(): boolean;
  ask(request: RoundRequest): Promise<readonly Share[]>;
}

export function createRounds({ ledger, caps, monotonicMs, setTimer, onProblem }: RoundParts): Rounds {
  /** Those whose promise is still open. */
  const busy = new Set<Reclaimer>();
  let isCalling = false;

  function isOver({ signal, untilMs }: RoundRequest): boolean {
    return signal.aborted || monotonicMs() >= untilMs;
  }

  async function answerOf(candidate: Candidate, askedBytes: number, request: RoundRequest): Promise<Answer> {
    const { pace, signal, level, mostBytes } = request;
    if ('cache' in candidate.of) {
      const { cache } = candidate.of;
      const before = cache.status();
      const answer = await askCache(cache, askedBytes, pace, () => isOver(request));
      if (answer.promisedBytes > 0) caps.set(cache, before);
      return answer;
    }
    const { reclaimer } = candidate.of;
    if (busy.has(reclaimer)) return { promisedBytes: 0, trouble: 'still does what it was asked before' };
    busy.add(reclaimer);
    if (pace.isOver()) await pace.rest();
    isCalling = true;
    const asked = askReclaimer(reclaimer, askedBytes, {
      level,
      pace,
      signal,
      mostBytes,
      setTimer,
      onSettled: () => busy.delete(reclaimer),
    });
    isCalling = false;
    return await asked;
  }

  async function ask(candidate: Candidate, askedBytes: number, request: RoundRequest): Promise<Share> {
    const { name } = candidate;
    const { promisedBytes, trouble } = await answerOf(candidate, askedBytes, request);
    if (promisedBytes > 0) ledger.promise(name, promisedBytes);
    if (trouble !== '') {
      onProblem(
        problem('PLM_RECLAIMER_FAILED', `${name} ${trouble}. The others are asked; this promise does not count.`),
      );
    }
    return { name, askedBytes: Math.round(askedBytes), promisedBytes, trouble };
  }

  async function askClass(members: readonly Candidate[], needBytes: number, request: RoundRequest): Promise<Asked[]> {
    const all: Asked[] = [];
    let able = members;
    let openBytes = needBytes;
    for (let round = 0; round < ROUNDS && openBytes >= 1; round += 1) {
      const parts = shareOut(able, openBytes);
      const willing: Candidate[] = [];
      openBytes = 0;
      for (const [index, candidate] of able.entries()) {
        const askedBytes = parts[index] ?? 0;
        if (askedBytes < 1 || isOver(request)) continue;
        const share = await ask(candidate, askedBytes, request);
        all.push({ candidate, share });
        openBytes += Math.max(0, askedBytes - share.promisedBytes);
        if (share.promisedBytes >= askedBytes * EMPTY_BELOW) willing.push(candidate);
      }
      able = willing;
    }
    return all;
  }

  return {
    isCalling: () => isCalling,
    async ask(request) {
      const shares: Share[] = [];
      let needBytes = request.needBytes;
      for (const members of classesOf(request.candidates)) {
        const ofClass = await askClass(members, needBytes, request);
        shares.push(...ofClass.map(({ share }) => share));
        for (const { candidate, share } of ofClass) needBytes -= share.promisedBytes * candidate.trust;
        if (needBytes <= request.needBytes * MISSING_RATIO) break;
      }
      return merged(shares);
    },
  };
}

/** One share each, however often it was asked. */
function merged(shares: readonly Share[]): readonly Share[] {
  const byName = new Map<string, Share>();
  for (const share of shares) {
    const first = byName.get(share.name);
    byName.set(
      share.name,
      first === undefined
        ? share
        : {
            name: share.name,
            askedBytes: first.askedBytes + share.askedBytes,
            promisedBytes: first.promisedBytes + share.promisedBytes,
            trouble: first.trouble || share.trouble,
          },
    );
  }
  return [...byName.values()];
}
