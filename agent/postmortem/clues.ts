/** What there is to judge a death by, in the form in which the rules ask for it. Pure. */
import { constants } from 'node:os';

import { courseOf, valueOf, type Course } from './course.ts';
import type { FatalReport, FoundDeath } from './found.ts';

export interface Clues {
  /** By who waited for it; also where a shell or npm stands between and answers 128 + n. */
  readonly signal: string | undefined;
  /** By who waited for it, or by the end mark. */
  readonly exitCode: number | undefined;
  /** It said itself how it ended. */
  readonly hasEndMark: boolean;
  readonly fatalReport: FatalReport | undefined;
  /** Processes that the kernel killed in the own group between the last record and the look; undefined: not known. */
  readonly ownOomKills: number | undefined;
  readonly course: Course | undefined;
}

export function cluesOf(found: FoundDeath): Clues {
  const { reading, evidence, ending } = found;
  const hasEndMark = reading.end !== undefined && !Number.isNaN(reading.end.exitCode);
  const signal = signalOf(found, hasEndMark);
  const rows = reading.records.map(({ row }) => row);
  const course = courseOf(rows, momentOf(found));
  const before = course && valueOf(course.row, 'cgroupOwnOomKills');
  const after = evidence.oomKillsAfter;
  return {
    signal,
    exitCode: signal === undefined ? (ending?.code ?? (hasEndMark ? reading.end?.exitCode : undefined)) : undefined,
    hasEndMark,
    fatalReport: evidence.fatalReport,
    ownOomKills: before === undefined || after === undefined || after < before ? undefined : after - before,
    course,
  };
}

/** ms since the epoch; undefined: not known. */
export function momentOf({ diedMs, reading: { end } }: FoundDeath): number | undefined {
  return end !== undefined && !Number.isNaN(end.exitCode) ? end.wallMs : diedMs;
}

function signalOf({ ending }: FoundDeath, hasEndMark: boolean): string | undefined {
  if (ending === undefined) return undefined;
  if (ending.signal !== null) return ending.signal;
  const number = (ending.code ?? 0) - 128;
  return hasEndMark ? undefined : Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
