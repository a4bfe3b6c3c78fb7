/** Reads what the world still knows of a dead process: its group's counter, the report that V8 wrote. */
import { statSync } from 'node:fs';

import { COL } from '../model/row.ts';
import type { Postmortem } from '../model/postmortem.ts';
import { listRings, type RingFile } from '../record/directory.ts';
import { withRing, type RingEnd } from '../record/open-ring.ts';
import type { RingReading } from '../record/reader.ts';
import { findFatalReport } from './fatal-report.ts';
import type { WorldEvidence } from './found.ts';
import { openKillCounter, type KillCounter } from './kill-counter.ts';
import { deathReportPath, readPostmortem } from './reports.ts';

export interface Scene {
  readonly reading: RingReading;
  /** Of its ring file, and of those of its neighbours. */
  readonly directory: string;
  /** ms since the epoch. */
  readonly nowMs: number;
  /** What was opened while it lived; undefined: the group is looked for where the header says. */
  readonly counter?: KillCounter | undefined;
}

/** After the death. */
export function gatherEvidence(scene: Scene): WorldEvidence {
  const { header } = scene.reading;
  const lastMs = lastWallMs(scene.reading);
  const counted = readCounter(scene);
  const isOurs = counted !== undefined && isAboutIt(scene, lastMs, counted);
  return { fatalReport: findFatalReport(header, lastMs), oomKillsAfter: isOurs ? counted : undefined };
}

function lastWallMs({ header, records }: RingReading): number {
  return records.at(-1)?.row[COL.wallMs] ?? header.identity.startWallMs;
}

function readCounter({ reading, counter }: Scene): number | undefined {
  if (counter !== undefined) return counter.read();
  const opened = openKillCounter(reading.header);
  const counted = opened?.read();
  opened?.close();
  return counted;
}

/** Who writes no longer. */
const SILENT_MS = 2000;
const SLACK_MS = 1000;

/**
 * The group is shared, and others may have moved its counter: processes of it that died after this one's last record, and whatever died
 * before a later one was started, when the counter stood there already.
 */
function isAboutIt(scene: Scene, lastMs: number, counted: number): boolean {
  const before = scene.reading.records.at(-1)?.row[COL.cgroupOwnOomKills] ?? Number.NaN;
  if (counted === before) return true;
  if (!(counted > before)) return false;
  const neighbours = neighboursOf(scene);
  const later = neighbours.filter(({ writtenMs }) => writtenMs >= lastMs - SLACK_MS);
  const killed = later.filter(({ report }) => report?.cause === 'kernel_oom');
  const unexplained = later.filter(
    ({ report, end, writtenMs }) => report === undefined && end === undefined && writtenMs < scene.nowMs - SILENT_MS,
  );
  const started = neighbours.filter(({ startWallMs }) => startWallMs >= lastMs);
  if (started.some(({ oomKillsAtStart }) => oomKillsAtStart !== counted)) return false;
  return counted - before > killed.length + unexplained.length;
}

interface Neighbour {
  readonly startWallMs: number;
  readonly writtenMs: number;
  readonly end: RingEnd | undefined;
  readonly report: Postmortem | undefined;
  readonly oomKillsAtStart: unknown;
}

/** Of the same group. */
function neighboursOf({ reading: { header }, directory }: Scene): readonly Neighbour[] {
  const list = listRings(directory);
  const others = (list.ok ? list.rings : []).filter(
    ({ instanceId }) => instanceId !== header.identity.serviceInstanceId,
  );
  return others.flatMap((ring) => neighbour(ring, header.facts['cgroup.ownInode'], directory) ?? []);
}

function neighbour(ring: RingFile, inode: unknown, directory: string): Neighbour | undefined {
  const { path, instanceId, startWallMs } = ring;
  const read = withRing(path, (open) => ({ facts: open.header.facts, end: open.end() }));
  const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (!read.ok || writtenMs === undefined || read.reading.facts['cgroup.ownInode'] !== inode) return undefined;
  const { end, facts } = read.reading;
  const report = readPostmortem(deathReportPath(directory, instanceId));
  return { startWallMs, writtenMs, end, report, oomKillsAtStart: facts['cgroup.ownOomKills'] };
}
