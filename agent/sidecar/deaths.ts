/** The deaths of a folder: each investigated, told once, counted, and kept for whoever asks. What the folder cannot take is kept in memory. */
import type { DeathCount, Postmortem, WorkloadDeaths } from '../model/postmortem.ts';
import {
  deathReportPath,
  gatherEvidence,
  investigate,
  isReported,
  listPostmortems,
  readPostmortem,
  reportOnce,
  takeUntold,
  totalDeaths,
  type KillCounter,
} from '../postmortem/index.ts';
import type { RingHeader } from '../record/header.ts';
import { readRing, type RingReading } from '../record/reader.ts';
import type { ChildEnd } from './child.ts';
import { createDeathTally } from './death-tally.ts';

export interface DeathsParts {
  readonly directory: string;
  readonly dataDirectory: string;
  wallMs(): number;
  /** By the word of its parent, where that is us. */
  endOf(header: RingHeader): Promise<ChildEnd | undefined>;
  onPostmortem(postmortem: Postmortem): void;
}

export interface Dead {
  /** Of the ring file. */
  readonly path: string;
  readonly instanceId: string;
  /** Where the file is gone. */
  readonly remembered: RingReading | undefined;
  /** undefined: not known to the ms. */
  readonly diedMs: number | undefined;
  readonly counter: KillCounter | undefined;
}

export interface Deaths {
  isReported(instanceId: string): boolean;
  report(dead: Dead): Promise<void>;
  /** Those that a process reported which was too young to tell them: they are told from here, and nowhere else. */
  takeUntold(): void;
  total(): readonly DeathCount[];
  byWorkload(): readonly WorkloadDeaths[];
  /** Newest first. */
  list(): readonly Postmortem[];
  /** Keeps this many of the newest from now on. */
  limit(postmortems: number): void;
}

export const MAX_POSTMORTEMS = 100;

export function createDeaths(parts: DeathsParts): Deaths {
  const { directory, dataDirectory } = parts;
  const tally = createDeathTally(directory, parts.wallMs);
  let most = MAX_POSTMORTEMS;
  let kept = newest(listPostmortems(directory, dataDirectory));
  /** In a folder that takes no file, memory alone knows what was told. */
  const reportedHere = new Set<string>();

  function newest(postmortems: readonly Postmortem[]): readonly Postmortem[] {
    if (postmortems.length <= most) return postmortems;
    // a clean end is the first that nobody asks for
    const isExit = ({ cause }: Postmortem): boolean => cause === 'exit';
    const deaths = postmortems.filter((each) => !isExit(each)).slice(0, most);
    const exits = postmortems.filter(isExit).slice(0, most - deaths.length);
    const chosen = new Set([...deaths, ...exits]);
    return postmortems.filter((each) => chosen.has(each));
  }

  function keep(postmortem: Postmortem): void {
    if (kept.some(({ instance }) => instance === postmortem.instance)) return;
    kept = newest([postmortem, ...kept]);
  }

  /** Whether it is ours to tell. */
  function claim(postmortem: Postmortem): boolean {
    if (reportedHere.has(postmortem.instance)) return false;
    reportedHere.add(postmortem.instance);
    try {
      return reportOnce(directory, postmortem, dataDirectory);
    } catch {
      return true; // read-only, full or gone
    }
  }

  async function report({ path, instanceId, remembered, diedMs, counter }: Dead): Promise<void> {
    const read = readRing(path);
    const reading = read.ok ? read.reading : remembered;
    if (reading === undefined) return; // it was taken away: nobody else will find it either
    const end = await parts.endOf(reading.header);
    const ending = end?.ending;
    const foundMs = parts.wallMs();
    const evidence = gatherEvidence({ reading, directory, nowMs: foundMs, counter });
    const foundBy = ending === undefined ? 'sidecar' : 'parent';
    const postmortem = investigate({
      path,
      reading,
      note: reading.note,
      foundBy,
      foundMs,
      diedMs: end?.wallMs ?? diedMs,
      ending,
      evidence,
    });
    if (!claim(postmortem)) {
      keep(readPostmortem(deathReportPath(directory, instanceId)) ?? postmortem);
      return;
    }
    tally.add(postmortem);
    keep(postmortem);
    parts.onPostmortem(postmortem);
  }

  return {
    isReported: (instanceId) => reportedHere.has(instanceId) || isReported(directory, instanceId),
    report,
    takeUntold() {
      for (const postmortem of takeUntold(directory)) {
        if (reportedHere.has(postmortem.instance)) continue;
        reportedHere.add(postmortem.instance);
        keep(postmortem);
        parts.onPostmortem(postmortem);
      }
    },
    total: () => totalDeaths(tally.byWorkload()),
    byWorkload: tally.byWorkload,
    list: () => kept,
    limit(postmortems) {
      most = postmortems;
      kept = newest(kept);
    },
  };
}
