/** Deaths counted: those of the folder, which persist and which a successor may add to, and those that the folder did not take. */
import type { DeathCount, Postmortem, WorkloadDeaths } from '../model/postmortem.ts';
import { countDeath, deathCounts, withOneMore } from '../postmortem/index.ts';

export interface DeathTally {
  add(postmortem: Postmortem): void;
  byWorkload(): readonly WorkloadDeaths[];
}

/** How old an answer may be: each read opens a file. */
const FRESH_MS = 1000;

export function createDeathTally(directory: string, wallMs: () => number): DeathTally {
  /** Of a folder that cannot be written. */
  let uncounted: readonly WorkloadDeaths[] = [];
  let counted = deathCounts(directory);
  let readMs = wallMs();

  return {
    add(postmortem) {
      if (!countDeath(directory, postmortem, wallMs())) uncounted = withOneMore(uncounted, postmortem);
      readMs = -Infinity;
    },
    byWorkload() {
      if (Math.abs(wallMs() - readMs) > FRESH_MS) {
        const found = deathCounts(directory);
        // a folder that was deleted takes no count away from who reads them here
        if (found.length > 0) counted = found;
        readMs = wallMs();
      }
      return uncounted.length === 0 ? counted : merged(counted, uncounted);
    },
  };
}

function merged(a: readonly WorkloadDeaths[], b: readonly WorkloadDeaths[]): readonly WorkloadDeaths[] {
  const all = new Map<string, WorkloadDeaths>();
  for (const { serviceName, container, counts } of [...a, ...b]) {
    const key = `${serviceName}\n${container}`;
    all.set(key, { serviceName, container, counts: summed([...(all.get(key)?.counts ?? []), ...counts]) });
  }
  return [...all.values()];
}

function summed(counts: readonly DeathCount[]): readonly DeathCount[] {
  const all = new Map<string, DeathCount>();
  for (const { cause, evidence, count } of counts) {
    const key = `${cause} ${evidence}`;
    all.set(key, { cause, evidence, count: (all.get(key)?.count ?? 0) + count });
  }
  return [...all.values()];
}
