import type { Metric } from './metric.ts';
import { DEATH_CAUSES, DEATH_EVIDENCE } from './postmortem.ts';

/** What processes died of, as long as the folder lives that remembers it. */
export const DEATH_METRICS: readonly Metric[] = [
  {
    name: 'plimsoll.process.deaths',
    kind: 'counter',
    unit: '{death}',
    description: 'Processes of the service that ended, by the verdict of the post-mortem; kept in PLIMSOLL_DIR',
    tier: 'core',
    ofSurroundings: true,
    ofWorkload: true,
    // each pair from the start, so that `increase()` sees the first
    compute: ({ deaths }) =>
      deaths === undefined
        ? []
        : DEATH_CAUSES.flatMap((cause) =>
            DEATH_EVIDENCE.map((evidence) => ({
              attributes: { 'plimsoll.death.cause': cause, 'plimsoll.death.evidence': evidence },
              value: deaths.find((each) => each.cause === cause && each.evidence === evidence)?.count ?? 0,
            })),
          ),
  },
];
