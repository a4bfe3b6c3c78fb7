/** Adaptive values: shrink with the level, recover after it. Deterministic: only the levels and times it is told decide. */
import type { AdaptiveOptions, AdaptiveValue } from '../model/adaptive.ts';
import type { AgentEvent } from '../model/event.ts';
import { LEVELS, type Level } from '../model/level.ts';
import { problem, type Problem } from '../model/problem.ts';
import type { AdaptiveState } from '../model/snapshot.ts';
import { readAdaptive, type AdaptiveValues } from './adaptive-values.ts';
import { createBoundedNames, MAX_NAMES } from './bounded-names.ts';
import type { ActionCounts } from './counts.ts';

/** As it is counted, and in `observe` told. */
const ADAPT_ACTION = 'adapt-values';

export interface Adaptives {
  create(name: string, options: AdaptiveOptions): AdaptiveValue;
  /** One step of the flow. `act` false: nothing changes. */
  respond(level: Level, atMs: number, act: boolean): void;
  /** The run is over: every value is its initial one until the next. */
  rest(): void;
  /** Of several values with one name the smallest. */
  states(): readonly AdaptiveState[];
}

export interface AdaptiveParts {
  readonly counts: ActionCounts;
  onEvent(event: AgentEvent): void;
  onProblem(problem: Problem): void;
}

interface Adaptive {
  readonly name: string;
  readonly values: AdaptiveValues;
  /** What the application reads. */
  value: number;
  /** What it should be; in `observe` the two differ. */
  wanted: number;
}

export function createAdaptives({ counts, onEvent, onProblem }: AdaptiveParts): Adaptives {
  const all = new Set<Adaptive>();
  /** When the level was last left downwards, by level; Infinity: it is at it or above, -Infinity: it never was. */
  const leftAtMs: [number, number, number, number] = [Infinity, -Infinity, -Infinity, -Infinity];
  let nowMs = -Infinity;
  let level: Level = 0;
  let acts = false;
  const boundedName = createBoundedNames((name) =>
    onProblem(
      problem(
        'PLM_NAMES_FULL',
        `adaptive value ${name} is one name more than the ${MAX_NAMES} there are. It works, and is shown as _other.`,
      ),
    ),
  );

  /** The highest level that is on, or was until less than `recoverAfterMs` ago. */
  function levelThatCounts(recoverAfterMs: number): Level {
    if (nowMs - leftAtMs[3] < recoverAfterMs) return 3;
    if (nowMs - leftAtMs[2] < recoverAfterMs) return 2;
    return nowMs - leftAtMs[1] < recoverAfterMs ? 1 : 0;
  }

  function update(adaptive: Adaptive): void {
    const { name, values } = adaptive;
    const wanted = values.at[levelThatCounts(values.recoverAfterMs)];
    const shown = acts ? wanted : values.initial;
    if (shown !== adaptive.value) {
      const fromValue = adaptive.value;
      adaptive.value = shown;
      counts.add(ADAPT_ACTION, 'done');
      onEvent({ name: 'plimsoll.adaptive.changed', adaptive: name, fromValue, toValue: shown, level });
    }
    if (!acts && wanted !== adaptive.wanted) {
      const detail = `observe: ${name} would change from ${adaptive.wanted} to ${wanted} at ${LEVELS[level]}`;
      counts.add(ADAPT_ACTION, 'skipped');
      onEvent({ name: 'plimsoll.action.finished', action: ADAPT_ACTION, outcome: 'skipped', detail });
    }
    adaptive.wanted = wanted;
  }

  function moveTo(to: Level, atMs: number): void {
    nowMs = atMs;
    level = to;
    for (const each of [1, 2, 3] as const) {
      if (to >= each) leftAtMs[each] = Infinity;
      else if (leftAtMs[each] === Infinity) leftAtMs[each] = atMs;
    }
  }

  return {
    create(wantedName, options) {
      const read = readAdaptive(options);
      if (!read.ok) {
        const found = `adaptive value ${wantedName}: ${read.why}. It stays at its initial value.`;
        onProblem(problem('PLM_ADAPTIVE_INVALID', found));
        return { value: read.initial, dispose() {} };
      }
      const { values } = read;
      const { initial } = values;
      const adaptive: Adaptive = { name: boundedName(wantedName), values, value: initial, wanted: initial };
      all.add(adaptive);
      update(adaptive);
      return {
        get value() {
          return adaptive.value;
        },
        dispose() {
          all.delete(adaptive);
        },
      };
    },
    respond(to, atMs, act) {
      moveTo(to, atMs);
      acts = act;
      for (const adaptive of all) update(adaptive);
    },
    rest() {
      leftAtMs.fill(-Infinity, 1);
      level = 0;
      for (const adaptive of all) update(adaptive);
    },
    states() {
      const states = new Map<string, number>();
      for (const { name, value } of all) states.set(name, Math.min(value, states.get(name) ?? Infinity));
      return Array.from(states, ([name, value]) => ({ name, value }));
    },
  };
}
