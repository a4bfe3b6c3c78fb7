/**
 * Post-mortems as they are kept: `<instance>.death.json` beside the ring file. Making that file is the claim: a death is reported by
 * whoever made it, and by nobody else.
 */
import { linkSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { DEATH_CAUSES, DEATH_EVIDENCE, type Postmortem } from '../model/postmortem.ts';
import { ensureFolder } from '../record/folder.ts';
import { instanceStartMs } from '../record/instance-id.ts';
import { REPORT_EXTENSION } from '../record/survey.ts';
import { writeShared } from './shared-file.ts';

/** In the data folder. */
const COPIES = 'postmortems';
/** 40 kB each at most. */
const KEPT_COPIES = 200;

export function deathReportPath(directory: string, instance: string): string {
  return join(directory, instance + REPORT_EXTENSION);
}

/**
 * Whether this death was ours to report. false: somebody did already. Throws where the folder cannot be written: whoever can tell of the
 * death otherwise does so, once, from memory. A copy goes to `<dataDirectory>/postmortems` where that is another folder.
 */
export function reportOnce(directory: string, postmortem: Postmortem, dataDirectory = directory): boolean {
  const text = JSON.stringify(postmortem);
  if (!createWhole(deathReportPath(directory, postmortem.instance), text)) return false;
  if (dataDirectory !== directory) keepCopy(join(dataDirectory, COPIES), postmortem.instance, text);
  return true;
}

/** A reader sees all of it or nothing; false: it is there. */
function createWhole(path: string, text: string): boolean {
  const part = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.part`;
  writeShared(part, text);
  try {
    linkSync(part, path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!WITHOUT_LINKS.has(code)) throw error;
    return createDirectly(path, text);
  } finally {
    unlinkSync(part);
  }
}

/** What file systems answer that know no second name of a file. A reader may see a part of the report there, which it takes for none. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function createDirectly(path: string, text: string): boolean {
  try {
    writeShared(path, text);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function keepCopy(folder: string, instance: string, text: string): void {
  try {
    ensureFolder(folder);
    createWhole(join(folder, instance + REPORT_EXTENSION), text);
    // names begin with the start time
    for (const oldest of reportsIn(folder).toSorted().slice(0, -KEPT_COPIES)) unlinkSync(oldest);
  } catch {
    // what is beside the ring file is the report
  }
}

/** Newest death first. What is no post-mortem is left out. */
export function listPostmortems(directory: string, dataDirectory?: string): readonly Postmortem[] {
  const folders = dataDirectory === undefined ? [directory] : [directory, join(dataDirectory, COPIES)];
  const found = new Map<string, Postmortem>();
  for (const path of folders.flatMap(reportsIn)) {
    const postmortem = readPostmortem(path);
    if (postmortem !== undefined && !found.has(postmortem.instance)) found.set(postmortem.instance, postmortem);
  }
  return [...found.values()].toSorted((a, b) => deathMs(b) - deathMs(a));
}

export function isReported(directory: string, instance: string): boolean {
  return readPostmortem(deathReportPath(directory, instance)) !== undefined;
}

/** When it died, or as near as is known. */
export function deathMs({ diedMs, last, foundMs }: Postmortem): number {
  return diedMs ?? last?.wallMs ?? foundMs;
}

function reportsIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(REPORT_EXTENSION));
    return names
      .filter((name) => instanceStartMs(name.slice(0, -REPORT_EXTENSION.length)) !== undefined)
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** undefined: not there, or not one that this version understands. */
export function readPostmortem(path: string): Postmortem | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isPostmortem(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isPostmortem(value: unknown): value is Postmortem {
  if (typeof value !== 'object' || value === null) return false;
  const { version, instance, cause, evidence, because, foundMs, timeline, caches, events, actions, resource } =
    value as Partial<Postmortem>;
  return (
    version === 1 &&
    typeof instance === 'string' &&
    DEATH_CAUSES.some((known) => known === cause) &&
    DEATH_EVIDENCE.some((known) => known === evidence) &&
    typeof foundMs === 'number' &&
    typeof resource === 'object' &&
    [because, timeline, caches, events, actions].every((list) => Array.isArray(list))
  );
}
