/** What an adaptive value is at each level, worked out once from what the application asked for. */
import type { AdaptiveOptions, AdaptiveStep } from '../model/adaptive.ts';

/** Memory that was given back is often wanted again at once; what shrank stays small a little longer than the level. */
const DEFAULT_RECOVER_AFTER_MS = 10_000;

const DEFAULT_STEPS: Readonly<Record<'elevated' | 'high', AdaptiveStep>> = {
  elevated: { factor: 1 / 2 },
  high: { factor: 1 / 4 },
};

export interface AdaptiveValues {
  readonly initial: number;
  /** By level; never rises with it. */
  readonly at: readonly [number, number, number, number];
  readonly recoverAfterMs: number;
}

export type ReadAdaptive =
  | { readonly ok: true; readonly values: AdaptiveValues }
  /** `why`: what was wrong and what is allowed. */
  | { readonly ok: false; readonly why: string; readonly initial: number };

export function readAdaptive(options: AdaptiveOptions | undefined): ReadAdaptive {
  if (options === undefined) return { ok: false, why: 'initial and min are missing', initial: Number.NaN };
  const { initial, min, levels = {}, recoverAfterMs = DEFAULT_RECOVER_AFTER_MS } = options;
  const why = whatIsWrong(options);
  if (why !== undefined) return { ok: false, why, initial };
  const isWhole = Number.isInteger(initial) && Number.isInteger(min);

  /** Within `min` and what it is one level below. */
  function valueAt(step: AdaptiveStep, below: number): number {
    const asked = 'factor' in step ? initial * step.factor : step.value;
    return Math.max(min, Math.min(below, isWhole ? Math.floor(asked) : asked));
  }

  const elevated = valueAt(levels.elevated ?? DEFAULT_STEPS.elevated, initial);
  const high = valueAt(levels.high ?? DEFAULT_STEPS.high, elevated);
  const critical = valueAt(levels.critical ?? { value: min }, high);
  return { ok: true, values: { initial, at: [initial, elevated, high, critical], recoverAfterMs } };
}

function whatIsWrong({ initial, min, levels = {}, recoverAfterMs = 0 }: AdaptiveOptions): string | undefined {
  if (!Number.isFinite(initial)) return `initial is ${initial}, must be a finite number`;
  if (!Number.isFinite(min) || min > initial) return `min is ${min}, must be a number up to initial (${initial})`;
  if (!(recoverAfterMs >= 0)) return `recoverAfterMs is ${recoverAfterMs}, must be 0 or more`;
  for (const name of ['elevated', 'high', 'critical'] as const) {
    const step = levels[name];
    if (step !== undefined && !isStep(step)) {
      return `levels.${name} is ${JSON.stringify(step)}, must be { factor } above 0 and up to 1, or { value }`;
    }
  }
  return undefined;
}

function isStep(step: AdaptiveStep): boolean {
  if ('factor' in step) return step.factor > 0 && step.factor <= 1;
  return Number.isFinite(step.value);
}
