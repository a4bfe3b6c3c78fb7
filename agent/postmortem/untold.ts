/**
 * Deaths whose event has not left yet: `<instance>.untold` beside the report. A process that is young may end before its events are sent, so
 * it writes the report and leaves the telling to the first that lives long enough: itself, or another. Who removes the file tells it.
 */
import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { Postmortem } from '../model/postmortem.ts';
import { instanceStartMs } from '../record/instance-id.ts';
import { deathReportPath, readPostmortem } from './reports.ts';
import { writeShared } from './shared-file.ts';

const EXTENSION = '.untold';

export function leaveUntold(directory: string, instance: string): void {
  writeShared(join(directory, instance + EXTENSION), '');
}

/** They are the caller's to tell, and nobody else's. Oldest first; never throws. */
export function takeUntold(directory: string): readonly Postmortem[] {
  return namesIn(directory).flatMap((name) => {
    const instance = name.slice(0, -EXTENSION.length);
    if (!name.endsWith(EXTENSION) || instanceStartMs(instance) === undefined) return [];
    return take(join(directory, name)) ? (readPostmortem(deathReportPath(directory, instance)) ?? []) : [];
  });
}

function take(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false; // another was faster
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
