import { CONSTRAINTS, type Constraint } from './constraint.ts';
import { LEVELS, TRANSITIONS, type LevelName } from './level.ts';
import { NEVER_SECONDS, NO_LIMIT_BYTES, series, valueOf, type ColumnPoint, type Metric } from './metric.ts';
import type { ColumnName, Row } from './row.ts';

/** The verdict: how close, to what, how long left. */

const CONSTRAINT = 'plimsoll.constraint';
const FROM = 'plimsoll.level.from';
const TO = 'plimsoll.level.to';

type ConstraintFact =
  | 'UsageBytes'
  | 'LimitBytes'
  | 'UtilizationRatio'
  | 'HeadroomBytes'
  | 'GrowthBytesPerSecond'
  | 'TimeToLimitSeconds';

/** The host kills this process only when nothing else would first: then `core` shows its bytes and its time too. */
function onlyTheHostLimits(row: Row): boolean {
  return !Number.isFinite(valueOf(row, 'containerLimitBytes')) && !Number.isFinite(valueOf(row, 'budgetLimitBytes'));
}

const KILLS: ReadonlySet<Constraint> = new Set(['heap', 'container', 'budget']);

/** In `full` for every constraint; in `core` for those that kill. */
function lethalPoints(fact: ConstraintFact): readonly ColumnPoint[] {
  return CONSTRAINTS.flatMap((constraint): ColumnPoint[] => {
    const column = `${constraint}${fact}` as const;
    const attributes = { [CONSTRAINT]: constraint };
    if (KILLS.has(constraint)) return [series('core', column, attributes)];
    const full = series('full', column, attributes);
    if (constraint !== 'host') return [full];
    return [full, series('core-only', column, attributes, onlyTheHostLimits)];
  });
}

function everyPoint(tier: 'core' | 'full', fact: ConstraintFact): readonly ColumnPoint[] {
  return CONSTRAINTS.map((constraint) => series(tier, `${constraint}${fact}`, { [CONSTRAINT]: constraint }));
}

function transitionColumn(from: LevelName, to: LevelName): ColumnName {
  return `transition_${from}_${to}`;
}

/**
 * `full` has the pairs of neighbours from the start, so that `increase()` sees the first one, and the jumps once they
 * happened; `core` has one sum per level that was entered.
 */
const transitionPoints: readonly ColumnPoint[] = [
  ...TRANSITIONS.map(([from, to]): ColumnPoint => {
    const column = transitionColumn(LEVELS[from], LEVELS[to]);
    const attributes = { [FROM]: LEVELS[from], [TO]: LEVELS[to] };
    return series('full', column, attributes, (row) => Math.abs(from - to) === 1 || valueOf(row, column) > 0);
  }),
  ...LEVELS.map((to): ColumnPoint => {
    const columns = LEVELS.filter((from) => from !== to).map((from) => transitionColumn(from, to));
    return { attributes: { [TO]: to }, columns, tier: 'core-only', when: () => true };
  }),
];

export const PRESSURE_METRICS: readonly Metric[] = [
  {
    name: 'plimsoll.pressure',
    kind: 'gauge',
    unit: '1',
    description: 'Largest utilization among the constraints that count',
    points: [series('core', 'pressureRatio')],
  },
  {
    name: 'plimsoll.pressure.level',
    kind: 'gauge',
    unit: '{level}',
    description: 'Level: 0 normal, 1 elevated, 2 high, 3 critical',
    points: [series('core', 'level')],
  },
  {
    name: 'plimsoll.pressure.binding',
    kind: 'gauge',
    unit: '{constraint}',
    description: 'The constraint that sets the pressure, as a series of value 1; none while nothing limits the process',
    tier: 'core',
    compute({ row }) {
      const binding = CONSTRAINTS[valueOf(row, 'bindingConstraint')];
      return binding === undefined ? [] : [{ attributes: { [CONSTRAINT]: binding }, value: 1 }];
    },
  },
  {
    name: 'plimsoll.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'Part of the constraint that cannot be reclaimed, divided by its limit',
    points: everyPoint('core', 'UtilizationRatio'),
  },
  {
    name: 'plimsoll.usage',
    kind: 'gauge',
    unit: 'By',
    description: 'Use of the constraint that cannot be reclaimed',
    points: lethalPoints('UsageBytes'),
  },
  {
    name: 'plimsoll.limit',
    kind: 'gauge',
    unit: 'By',
    description: 'Limit of the constraint',
    points: lethalPoints('LimitBytes'),
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'plimsoll.headroom',
    kind: 'gauge',
    unit: 'By',
    description: 'Limit minus use that cannot be reclaimed; negative when over',
    points: lethalPoints('HeadroomBytes'),
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'plimsoll.growth',
    kind: 'gauge',
    unit: 'By/s',
    description: 'Growth of the use of the constraint',
    points: everyPoint('full', 'GrowthBytesPerSecond'),
  },
  {
    name: 'plimsoll.time_to_limit',
    kind: 'gauge',
    unit: 's',
    description: 'Headroom divided by growth; absent while not growing',
    points: lethalPoints('TimeToLimitSeconds'),
    whenEnded: NEVER_SECONDS,
  },
  {
    name: 'plimsoll.pressure.transitions',
    kind: 'counter',
    unit: '{transition}',
    description: 'Changes of level',
    points: transitionPoints,
  },
];
