/** A death as it was found: what was read, and nothing concluded yet. */
import type { RingNote } from '../model/note.ts';
import type { Finder } from '../model/postmortem.ts';
import type { RingReading } from '../record/reader.ts';

/** How it ended, by its parent's word. Where a shell stands between, 128 + n is a code. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What V8 or Node.js wrote when it aborted the process. */
export interface FatalReport {
  readonly path: string;
  /** `OOMError`: V8 found no memory; `FatalError`: another error that Node.js cannot go on from. */
  readonly trigger: string;
  readonly event: string;
}

/** What the world still knows after the death. */
export interface WorldEvidence {
  /** `oom_kill` of the process's own group, read after the death; undefined: unreadable, or another group by now. */
  readonly oomKillsAfter: number | undefined;
  readonly fatalReport: FatalReport | undefined;
}

export interface FoundDeath {
  /** Of the ring file. */
  readonly path: string;
  readonly reading: RingReading;
  readonly note: RingNote | undefined;
  readonly foundBy: Finder;
  /** ms since the epoch. */
  readonly foundMs: number;
  /** The moment of death to the ms, ms since the epoch: end of its connection, exit of a child; undefined: not known. */
  readonly diedMs: number | undefined;
  /** undefined: nobody waited for it. */
  readonly ending: Ending | undefined;
  readonly evidence: WorldEvidence;
}
