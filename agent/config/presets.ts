import type { LevelRatios, Policy, ReclaimPolicy, Thresholds } from '../model/policy.ts';

/** The presets of PLIMSOLL_PRESET, and how a policy is made of one and what the user said. */

export const PRESET_NAMES = ['standard', 'early', 'conservative', 'two-step', 'budget'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export type Preset = Pick<Policy, 'thresholds' | 'budgetThresholds'>;

const STANDARD: Thresholds = { enter: [0.7, 0.82, 0.92], exit: [0.62, 0.75, 0.85] };
const EARLY: Thresholds = { enter: [0.6, 0.8, 0.9], exit: [0.55, 0.75, 0.85] };
const CONSERVATIVE: Thresholds = { enter: [0.7, 0.8, 0.95], exit: [0.65, 0.75, 0.9] };
const TWO_STEP: Thresholds = { enter: [undefined, 0.8, 0.9], exit: [undefined, 0.75, 0.85] };
/** Over 1: a budget is a promise that nothing enforces, so there is life beyond it. */
const BUDGET: Thresholds = { enter: [0.8, 1, 1.1], exit: [0.75, 0.95, 1.05] };

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  standard: { thresholds: STANDARD, budgetThresholds: STANDARD },
  early: { thresholds: EARLY, budgetThresholds: EARLY },
  conservative: { thresholds: CONSERVATIVE, budgetThresholds: CONSERVATIVE },
  'two-step': { thresholds: TWO_STEP, budgetThresholds: TWO_STEP },
  budget: { thresholds: STANDARD, budgetThresholds: BUDGET },
};

export const RECLAIM_POLICY_NAMES = ['conservative', 'aggressive'] as const;
export type ReclaimPolicyName = (typeof RECLAIM_POLICY_NAMES)[number];

const RECLAIM_POLICIES: Readonly<Record<ReclaimPolicyName, ReclaimPolicy>> = {
  conservative: { targets: [0.15, 0.3, 0.5], coolDownMs: 30_000 },
  aggressive: { targets: [0.25, 0.45, 0.7], coolDownMs: 10_000 },
};

export interface ReclaimChoices {
  readonly reclaimPolicy: ReclaimPolicyName;
  readonly reclaimTargets: LevelRatios | undefined;
  readonly reclaimCoolDownMs: number | undefined;
}

export function createReclaimPolicy({
  reclaimPolicy,
  reclaimTargets,
  reclaimCoolDownMs,
}: ReclaimChoices): ReclaimPolicy {
  const { targets, coolDownMs } = RECLAIM_POLICIES[reclaimPolicy];
  return { targets: reclaimTargets ?? targets, coolDownMs: reclaimCoolDownMs ?? coolDownMs };
}

/** A second sample rules out a peak that a garbage collection was about to take; a third would only cost time. */
const CONFIRM_SAMPLES = 2;
/** Time for a handler or a collection to show its effect before the level says that it is over. */
const DEFAULT_DWELL_MS = 10_000;
/** Memory that comes back does so within seconds of the relief; critical to normal takes at least two of these. */
const COOL_DOWN_MS = 5_000;

export interface PolicyChoices {
  readonly preset: PresetName;
  /** Instead of the preset's; for the preset `budget`, instead of those of the budget. */
  readonly enter?: LevelRatios | undefined;
  readonly exit?: LevelRatios | undefined;
  readonly dwellMs?: number | undefined;
}

export function createPolicy({ preset, enter, exit, dwellMs = DEFAULT_DWELL_MS }: PolicyChoices): Policy {
  const { thresholds, budgetThresholds } = PRESETS[preset];
  return {
    thresholds: preset === 'budget' ? thresholds : override(thresholds, enter, exit),
    budgetThresholds: override(budgetThresholds, enter, exit),
    confirmSamples: CONFIRM_SAMPLES,
    dwellMs,
    coolDownMs: COOL_DOWN_MS,
  };
}

/** What is not overridden stays; an exit follows its enter down, and off. */
function override(preset: Thresholds, enter = preset.enter, exit = preset.exit): Thresholds {
  const exitOf = (index: 0 | 1 | 2): number | undefined => {
    const entry = enter[index];
    return entry === undefined ? undefined : Math.min(exit[index] ?? entry, entry);
  };
  return { enter, exit: [exitOf(0), exitOf(1), exitOf(2)] };
}
