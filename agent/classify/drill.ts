import type { Assessment } from '../model/assessment.ts';
import type { Level } from '../model/level.ts';
import { COL, type Row } from '../model/row.ts';

/**
 * A drill raises what is answered, recorded and published, and nothing that the classifier remembers: the next sample is judged as if there
 * were none. `before`: what was published last.
 */
export function drilled(judged: Assessment, level: Level, before: Assessment | undefined): Assessment {
  if (level <= judged.level) return judged;
  return {
    ...judged,
    level,
    sinceMs: before?.level === level ? before.sinceMs : judged.atMs,
    reasons: [{ kind: 'drill', level }, ...judged.reasons],
  };
}

/** After `writeVerdict`. */
export function writeDrill(row: Row, published: Assessment, level: Level): void {
  row[COL.drillLevel] = level === 0 ? Number.NaN : level;
  row[COL.level] = published.level;
  row[COL.levelSinceMs] = published.sinceMs;
}

/** Whether memory alone would not have this level. */
export function isRaised({ reasons }: Assessment): boolean {
  return reasons[0]?.kind === 'drill';
}
