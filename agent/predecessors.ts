/** The late part of succession.ts: which processes of the folder are dead and unexplained, and what became of them. */
import { isDead } from './is-dead.ts';
import type { DeathCount, WorkloadDeaths } from './model/postmortem.ts';
import {
  countDeath,
  deathCounts,
  gatherEvidence,
  investigate,
  leaveUntold,
  readSlowly,
  reportOnce,
  takeUntold,
} from './postmortem/index.ts';
import { readLatest } from './record/reader.ts';
import { surveyRings } from './record/survey.ts';
import { pause } from './sample/clock.ts';
import type { SuccessionParts } from './succession.ts';

export interface PredecessorsParts extends SuccessionParts {
  readonly directory: string;
}

export interface Predecessors {
  look(): Promise<void>;
  deaths(): readonly DeathCount[];
  stop(): void;
}

/** Each is a file of 1.6 MB. */
const MOST_REPORTS = 5;
/** Processes that may live are asked one after the other. */
const MOST_ASKED = 40;
const STEP_PAUSE_MS = 2;

export function createPredecessors(parts: PredecessorsParts): Predecessors {
  const { directory, dataDirectory, clock, identity } = parts;
  let reported = 0;
  let isStopped = false;
  const rest = (): Promise<void> => pause(clock, STEP_PAUSE_MS);

  async function report(path: string): Promise<void> {
    const reading = await readSlowly(path, rest);
    if (reading === undefined || isStopped || parts.isWatched()) return;
    const foundMs = clock.wallMs();
    const evidence = gatherEvidence({ reading, directory, nowMs: foundMs });
    await rest();
    const known = { path, reading, note: reading.note, foundMs, evidence, diedMs: undefined, ending: undefined };
    const postmortem = investigate({ ...known, foundBy: 'successor' });
    await rest();
    if (!reportOnce(directory, postmortem, dataDirectory)) return;
    leaveUntold(directory, postmortem.instance);
    countDeath(directory, postmortem, foundMs);
    reported += 1;
    await rest();
    parts.onFound({ name: 'plimsoll.process.died', postmortem });
  }

  async function reportAll(): Promise<void> {
    const { rings } = surveyRings(directory, clock.wallMs());
    const others = rings.filter(
      ({ instanceId, fate }) => instanceId !== identity.serviceInstanceId && fate !== 'reported',
    );
    for (const ring of others.filter(({ fate }) => fate !== 'clean').slice(0, MOST_ASKED)) {
      if (isStopped || reported >= MOST_REPORTS || parts.isWatched()) return;
      await rest();
      const latest = readLatest(ring.path);
      if (latest.ok && (await isDead(directory, latest.reading, clock.wallMs()))) await report(ring.path);
      await rest();
    }
  }

  /** In a folder that cannot be written nobody knows who tells it. */
  async function tryToReport(): Promise<void> {
    try {
      await reportAll();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
    }
  }

  return {
    async look() {
      if (!parts.isWatched()) await tryToReport();
      if (isStopped || parts.isYoung()) return;
      for (const postmortem of takeUntold(directory)) parts.onEvent({ name: 'plimsoll.process.died', postmortem });
    },
    deaths() {
      const ownContainer = identity.resource['k8s.container.name'] ?? '';
      const isOurs = ({ serviceName, container }: WorkloadDeaths): boolean =>
        serviceName === identity.serviceName && container === ownContainer;
      return deathCounts(directory).find(isOurs)?.counts ?? [];
    },
    stop() {
      isStopped = true;
    },
  };
}
