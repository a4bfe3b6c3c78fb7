/** Reclaim as an action of the responder: when it is due, and how much. */
import type { Action, ActionStep } from '../../model/action.ts';
import { levelName, type Level } from '../../model/level.ts';
import { createAskedLevel } from './asked-level.ts';
import { decide, garbageOf, wantsReturn, type Decision } from './decide.ts';
import { RECLAIM_MS, type Engine, type Order } from './engine.ts';
import type { ReclaimParts } from './index.ts';

/** Many: garbage that is made at 200 MB/s has to be collected several times a second. What it may cost is decided each time. */
const MOST_A_MINUTE = 600;
const MINUTE_MS = 60_000;
/** Caches are asked for no longer than this part of the time that is left, and this long in any case: the rest is for the collection. */
const EVICTING_RATIO = 0.25;
const LEAST_EVICTING_MS = 50;

export interface ReclaimAction {
  readonly action: Action;
  /** The episode is over: the next one is a new reason to ask. */
  rest(): void;
}

export function createReclaimAction(
  engine: Engine,
  { policy, monotonicMs, insideBytes }: Pick<ReclaimParts, 'policy' | 'monotonicMs' | 'insideBytes'>,
): ReclaimAction {
  const askedLevelOf = createAskedLevel();
  /** When the policy's target was last asked for, and at which level. */
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastLevel: Level = 0;

  /** From high on it may be a matter of moments, whatever growth was seen last. */
  function isPressing({ assessment }: ActionStep): boolean {
    const { timeToLimitSeconds } = assessment;
    if (askedLevelOf(assessment, insideBytes()) >= 2) return true;
    return timeToLimitSeconds !== undefined && timeToLimitSeconds * 1000 < policy.coolDownMs;
  }

  function decideNow(step: ActionStep): Decision | undefined {
    const { level, binding, headroomBytes } = step.assessment;
    // its heap is its own: nothing here would help it
    if (binding === 'worker') return undefined;
    const situation = engine.situation();
    const levelNow = askedLevelOf(step.assessment, insideBytes());
    const isHigher = level > lastLevel;
    const isDue = levelNow === level && (isHigher || monotonicMs() - lastMs >= policy.coolDownMs);
    // what a collection takes is no reason to evict once more: it is made, and then it shows
    const isLive = isHigher || askedLevelOf(step.assessment, insideBytes() + garbageOf(situation)) === level;
    return decide({
      level: levelNow,
      targetBytes: isDue ? step.targetBytes : 0,
      isPressing: isPressing(step),
      isHeapBound: binding === 'heap',
      insideBytes: insideBytes(),
      headroomBytes: headroomBytes ?? Number.POSITIVE_INFINITY,
      ...situation,
      canAsk: situation.canAsk && (isLive || !isDue),
    });
  }

  function orderOf(decision: Decision, step: ActionStep): Order {
    const { by, evictBytes, garbageBytes, isCollecting, isCollectingFirst } = decision;
    const { level, binding } = step.assessment;
    const isHeapBound = binding === 'heap';
    const levelNow = askedLevelOf(step.assessment, insideBytes());
    return {
      level: levelName(level),
      targetBytes: by === 'policy' ? step.targetBytes : evictBytes + garbageBytes,
      evictBytes,
      isCollecting,
      isCollectingFirst,
      isByHand: false,
      evictMs: evictMs(step),
      wantsReturn: wantsReturn({ level: levelNow, isHeapBound }) && (by === 'policy' || levelNow === 3),
    };
  }

  const action: Action = {
    name: 'reclaim',
    from: 'elevated',
    budget: { coolDownMs: policy.coolDownMs, count: MOST_A_MINUTE, windowMs: MINUTE_MS, timeMs: RECLAIM_MS },
    isUrgent: isPressing,
    plan(step) {
      const decision = decideNow(step);
      if (decision === undefined) return undefined;
      return engine.describe(orderOf(decision, step)) || undefined;
    },
    async run(step, signal) {
      const decision = decideNow(step);
      if (decision === undefined) return { outcome: 'skipped', detail: 'nothing is needed' };
      const { outcome, detail, promisedBytes, freedBytes } = await engine.run(orderOf(decision, step), signal);
      if (decision.by === 'policy' && !engine.wasCut()) {
        lastLevel = step.assessment.level;
        lastMs = monotonicMs();
      }
      return { outcome, detail, promisedBytes, freedBytes };
    },
  };
  return {
    action,
    rest() {
      lastLevel = 0;
    },
  };
}

function evictMs({ assessment }: ActionStep): number {
  const leftMs = (assessment.timeToLimitSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return Math.min(RECLAIM_MS, Math.max(LEAST_EVICTING_MS, leftMs * EVICTING_RATIO));
}
