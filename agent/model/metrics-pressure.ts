import { CONSTRAINTS, type Constraint } from './constraint.ts';
import { LEVELS, TRANSITIONS, type Level, type LevelName } from './level.ts';
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

/** The host kills this process only when nothing else would first: else `system.memory.*` says enough. */
function onlyTheHostLimits(row: Row): boolean {
  return !Number.isFinite(valueOf(row, 'containerLimitBytes')) && !Number.isFinite(valueOf(row, 'budgetLimitBytes'));
}

const KILLS: ReadonlySet<Constraint> = new Set(['heap', 'container', 'budget']);

/** Of the constraints that kill; in `full` of `others` too, where no other series says it already. */
function lethalPoints(
  tier: 'core' | 'full',
  fact: ConstraintFact,
  others: readonly Constraint[] = [],
): readonly ColumnPoint[] {
  return CONSTRAINTS.flatMap((constraint): ColumnPoint[] => {
    const column = `${constraint}${fact}` as const;
    const attributes = { [CONSTRAINT]: constraint };
    if (KILLS.has(constraint)) return [series(tier, column, attributes)];
    if (constraint === 'host') return [series(tier, column, attributes, onlyTheHostLimits)];
    return others.includes(constraint) ? [series('full', column, attributes)] : [];
  });
}

function transitionColumn(from: LevelName, to: LevelName): ColumnName {
  return `transition_${from}_${to}`;
}

const EVERY_LEVEL: readonly Level[] = [0, 1, 2, 3];

/** From any level it was, to this one: `core`, and in `full` the way down. */
function arrivalPoint(to: Level, tier: ColumnPoint['tier'], from: readonly Level[]): ColumnPoint {
  const columns = from.map((each) => transitionColumn(LEVELS[each], LEVELS[to]));
  return { attributes: { [TO]: LEVELS[to] }, columns, tier, when: () => true };
}

/**
 * `core` has one sum per level that was entered. `full` says on the way up where it came from: the pairs of neighbours from the start, so
 * that `increase()` sees the first one, and the jumps once they happened.
 */
const transitionPoints: readonly ColumnPoint[] = [
  ...TRANSITIONS.filter(([from, to]) => from < to).map(([from, to]): ColumnPoint => {
    const column = transitionColumn(LEVELS[from], LEVELS[to]);
    const attributes = { [FROM]: LEVELS[from], [TO]: LEVELS[to] };
    return series('full', column, attributes, (row) => to - from === 1 || valueOf(row, column) > 0);
  }),
  ...EVERY_LEVEL.slice(0, -1).map((to) =>
    arrivalPoint(
      to,
      'full',
      EVERY_LEVEL.filter((from) => from > to),
    ),
  ),
  ...EVERY_LEVEL.map((to) =>
    arrivalPoint(
      to,
      'core-only',
      EVERY_LEVEL.filter((from) => from !== to),
    ),
  ),
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
    points: CONSTRAINTS.map((constraint) =>
      series('core', `${constraint}UtilizationRatio`, { [CONSTRAINT]: constraint }),
    ),
  },
  {
    name: 'plimsoll.usage',
    kind: 'gauge',
    unit: 'By',
    description: 'Use of the constraint that cannot be reclaimed',
    points: lethalPoints('core', 'UsageBytes'),
  },
  {
    name: 'plimsoll.limit',
    kind: 'gauge',
    unit: 'By',
    description: 'Limit of the constraint',
    points: lethalPoints('core', 'LimitBytes', ['throttle', 'worker']),
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'plimsoll.headroom',
    kind: 'gauge',
    unit: 'By',
    description: 'Limit minus use that cannot be reclaimed; negative when over',
    points: lethalPoints('core', 'HeadroomBytes'),
    whenEnded: NO_LIMIT_BYTES,
  },
  {
    name: 'plimsoll.growth',
    kind: 'gauge',
    unit: 'By/s',
    description: 'Growth of the use of the constraint',
    points: lethalPoints('full', 'GrowthBytesPerSecond'),
  },
  {
    name: 'plimsoll.time_to_limit',
    kind: 'gauge',
    unit: 's',
    description: 'Headroom divided by growth; absent while not growing',
    points: lethalPoints('core', 'TimeToLimitSeconds', ['worker']),
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
