import { boundedSums, OTHER, series, valueOf, type Metric, type NumberPoint, type Tier } from './metric.ts';
import { OUTCOMES, type ActionCount, type Degradation } from './snapshot.ts';

/** What the agent says about itself and what it did. */

/** Series of one metric, `_other` included. */
const MAX_REASONS: Readonly<Record<Tier, number>> = { core: 2, full: 3 };
const MAX_ACTION_PAIRS = 4;

/** The reasons in the order in which they came; what has no room is one series whose value says how many those are. */
function degradedPoints(degraded: readonly Degradation[], max: number): NumberPoint[] {
  const reasons = [...new Set(degraded.map(({ reason }) => reason))];
  const counted = reasons.map((reason) => [reason, 1] as const);
  return boundedSums(counted, max).map(([reason, value]) => ({ attributes: { reason }, value }));
}

/** `full`: pairs in the order in which they came, the rest summed per outcome. The order never changes, so no sum falls. */
function actionPoints(actions: readonly ActionCount[]): NumberPoint[] {
  const kept = actions.slice(0, MAX_ACTION_PAIRS);
  return [
    ...kept.map(({ action, outcome, count }) => ({
      attributes: { 'plimsoll.action': action, 'plimsoll.outcome': outcome },
      value: count,
    })),
    ...outcomePoints(actions.slice(MAX_ACTION_PAIRS), { 'plimsoll.action': OTHER }),
  ];
}

function outcomePoints(actions: readonly ActionCount[], attributes: Readonly<Record<string, string>>): NumberPoint[] {
  return OUTCOMES.flatMap((outcome) => {
    const counts = actions.filter((action) => action.outcome === outcome).map(({ count }) => count);
    if (counts.length === 0) return [];
    return [
      {
        attributes: { ...attributes, 'plimsoll.outcome': outcome },
        value: counts.reduce((sum, count) => sum + count, 0),
      },
    ];
  });
}

export const AGENT_METRICS: readonly Metric[] = [
  {
    name: 'plimsoll.actions',
    kind: 'counter',
    unit: '{action}',
    description: 'Actions that ended, by how they ended; in observe mode they are skipped',
    tier: 'core',
    compute: ({ actions }, tier) => (tier === 'core' ? outcomePoints(actions, {}) : actionPoints(actions)),
  },
  {
    name: 'plimsoll.agent.info',
    kind: 'gauge',
    unit: '{agent}',
    description: 'Always 1; version and mode of the agent, version of Node.js, exporter',
    tier: 'core',
    compute: ({ identity }) => [
      {
        attributes: {
          version: identity.agentVersion,
          mode: identity.mode,
          node: identity.nodeVersion,
          exporter: identity.exporter,
        },
        value: 1,
      },
    ],
  },
  {
    name: 'plimsoll.agent.last_sample',
    kind: 'gauge',
    unit: 's',
    description: 'When the newest sample was taken, since the epoch',
    tier: 'core',
    compute: ({ row }) => [{ attributes: {}, value: valueOf(row, 'wallMs') / 1000 }],
  },
  {
    name: 'plimsoll.agent.degraded',
    kind: 'gauge',
    unit: '{reason}',
    description: 'What the agent has to do without; plimsoll doctor says the repair',
    tier: 'core',
    compute: ({ degraded }, tier) => degradedPoints(degraded, MAX_REASONS[tier]),
  },
  {
    name: 'plimsoll.agent.sample.duration',
    kind: 'gauge',
    unit: 's',
    description: 'How long the newest full sample took',
    points: [series('full', 'agentSampleSeconds')],
  },
  {
    name: 'plimsoll.agent.cpu',
    kind: 'counter',
    unit: 's',
    description: 'Time the agent spent sampling and deciding',
    points: [series('full', 'agentCpuSeconds')],
  },
  {
    name: 'plimsoll.agent.memory',
    kind: 'gauge',
    unit: 'By',
    description: 'Memory the agent holds for its window and buffers',
    points: [series('full', 'agentMemoryBytes')],
  },
  {
    name: 'plimsoll.agent.dropped',
    kind: 'counter',
    unit: '{record}',
    description: 'Records that could not be written',
    points: [series('full', 'agentDroppedRecords')],
  },
];
