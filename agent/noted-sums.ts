/** What is counted, bounded for the note of a ring file: the sums stay what they are. */
import { boundedSums, OTHER } from './model/metric.ts';
import type { ReclaimTotal } from './model/reclaim.ts';
import { OUTCOMES, type ActionCount, type ShedCount } from './model/snapshot.ts';

/** Of each; more than any tier of the metrics tells. */
const MAX_NOTED = 32;

/** They come in the order in which they were first seen: what is kept by name stays so. */
export function notedActions(actions: readonly ActionCount[]): readonly ActionCount[] {
  if (actions.length <= MAX_NOTED) return actions;
  const rest = actions.slice(MAX_NOTED);
  const others = OUTCOMES.map((outcome) => {
    const counts = rest.filter((each) => each.outcome === outcome).map(({ count }) => count);
    return { action: OTHER, outcome, count: counts.reduce((sum, count) => sum + count, 0) };
  });
  return [...actions.slice(0, MAX_NOTED), ...others.filter(({ count }) => count > 0)];
}

export function notedReclaimed(reclaimed: readonly ReclaimTotal[]): readonly ReclaimTotal[] {
  const promised = reclaimed.map(({ reclaimer, promisedBytes }) => [reclaimer, promisedBytes] as const);
  const freed = new Map(
    boundedSums(
      reclaimed.map(({ reclaimer, freedBytes }) => [reclaimer, freedBytes]),
      MAX_NOTED,
    ),
  );
  return boundedSums(promised, MAX_NOTED).map(([reclaimer, promisedBytes]) => ({
    reclaimer,
    promisedBytes,
    freedBytes: freed.get(reclaimer) ?? 0,
  }));
}

export function notedShed(shed: readonly ShedCount[]): readonly ShedCount[] {
  const sums = boundedSums(
    shed.map(({ point, count }) => [point, count]),
    MAX_NOTED,
  );
  return sums.map(([point, count]) => ({ point, count }));
}
