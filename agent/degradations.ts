import type { Degradation } from './model/snapshot.ts';
import type { Source, Unavailable } from './model/source.ts';

/**
 * What the agent has to do without: unavailable readings, grouped so that a reason stays a bounded label, and
 * whatever else failed (listener, recorder).
 */
export interface Degradations {
  /** Looks at the sources again; answers the reasons that are new. */
  refresh(sources: readonly Source[]): readonly Degradation[];
  set(degradation: Degradation): boolean;
  clear(reason: string): void;
  list(): readonly Degradation[];
}

export function createDegradations(): Degradations {
  let fromSources: readonly Degradation[] = [];
  const others = new Map<string, Degradation>();
  const told = new Set<string>();

  return {
    refresh(sources) {
      fromSources = groupUnavailable(sources.flatMap((source) => source.unavailable()));
      const fresh = fromSources.filter(({ reason }) => !told.has(reason));
      for (const { reason } of fresh) told.add(reason);
      return fresh;
    },
    set(degradation) {
      const isNew = !others.has(degradation.reason);
      others.set(degradation.reason, degradation);
      return isNew;
    },
    clear(reason) {
      others.delete(reason);
    },
    list: () => [...fromSources, ...others.values()],
  };
}

/** One degradation per source and cause: `cgroup_missing` names every reading it costs. */
export function groupUnavailable(unavailable: readonly Unavailable[]): readonly Degradation[] {
  const groups = new Map<string, Unavailable[]>();
  for (const item of unavailable) {
    const reason = `${item.source}_${item.code}`;
    groups.set(reason, [...(groups.get(reason) ?? []), item]);
  }
  return [...groups].map(([reason, items]) => ({
    reason,
    detail: detailOf(items),
    repair: [...new Set(items.map(({ repair }) => repair))].join('; '),
  }));
}

/** What several readings have in common is said once. */
function detailOf(items: readonly Unavailable[]): string {
  const readings = new Map<string, string[]>();
  for (const { detail, reading } of items) readings.set(detail, [...(readings.get(detail) ?? []), reading]);
  return [...readings].map(([detail, names]) => `${names.join(', ')}: ${detail}`).join('; ');
}
