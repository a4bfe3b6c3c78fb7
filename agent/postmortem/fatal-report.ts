/**
 * The report that Node.js writes when V8 aborts, where the application or its flags asked for one. Plimsoll asks for none: the environment,
 * with its secrets, would be in it (docs/postmortem.md). Of a report only the first page is read, which says what happened.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { RingHeader } from '../record/header.ts';
import type { FatalReport } from './found.ts';

const FIRST_PAGE_BYTES = 4096;
/** Between a sample and the report of a death that follows at once; the clocks are the same. */
const SLACK_MS = 1000;

/** `sinceWallMs`: of the last sample. In every container the process is pid 1, so time tells its report from another's. */
export function findFatalReport({ facts, identity }: RingHeader, sinceWallMs: number): FatalReport | undefined {
  const directory = facts['process.fatalReportDirectory'];
  if (typeof directory !== 'string') return undefined;
  const named = facts['process.fatalReportFile'];
  const names = typeof named === 'string' && named !== '' ? [named] : defaultNames(directory, identity.pid);
  for (const name of names) {
    const report = readReport(join(directory, name), identity.pid, sinceWallMs - SLACK_MS);
    if (report !== undefined) return report;
  }
  return undefined;
}

/** https://nodejs.org/api/report.html: report.<date>.<time>.<pid>.<thread>.<number>.json */
function defaultNames(directory: string, pid: number): readonly string[] {
  try {
    const pattern = new RegExp(`^report\\.\\d+\\.\\d+\\.${pid}\\.\\d+\\.\\d+\\.json$`);
    return readdirSync(directory).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}

function readReport(path: string, pid: number, sinceWallMs: number): FatalReport | undefined {
  try {
    if (statSync(path).mtimeMs < sinceWallMs) return undefined;
    const text = firstPage(path);
    const value = (key: string): string | undefined => new RegExp(`"${key}":\\s*"?([^"\\n]*?)"?,?\\n`).exec(text)?.[1];
    const trigger = value('trigger') ?? '';
    if (Number(value('processId')) !== pid || !(Number(value('dumpEventTimeStamp')) >= sinceWallMs)) return undefined;
    // others are asked for by a signal, by the application, or follow from an exception
    return trigger === 'OOMError' || trigger === 'FatalError'
      ? { path, trigger, event: value('event') ?? '' }
      : undefined;
  } catch {
    return undefined;
  }
}

function firstPage(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(FIRST_PAGE_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, FIRST_PAGE_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
