import type { ActionCount, Outcome } from '../model/snapshot.ts';

/** How often each action ended how; in the order each pair first occurred, so that what an exporter cuts off stays cut off. */
export interface ActionCounts {
  add(action: string, outcome: Outcome): void;
  list(): readonly ActionCount[];
}

export function createActionCounts(): ActionCounts {
  const counts: { readonly action: string; readonly outcome: Outcome; count: number }[] = [];
  return {
    add(action, outcome) {
      const known = counts.find((pair) => pair.action === action && pair.outcome === outcome);
      if (known === undefined) counts.push({ action, outcome, count: 1 });
      else known.count += 1;
    },
    list: () => counts,
  };
}
