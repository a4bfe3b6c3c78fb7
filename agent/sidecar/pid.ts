/** Whether a process is still there, where its number means the same to us: in a shared PID namespace. */
import { readFileSync, readlinkSync } from 'node:fs';

import type { RingHeader } from '../record/header.ts';
import type { PidState } from './life.ts';

/** What the agent's header says as `process.pidNamespace`: pid:[4026531836]. '' where there is no such thing. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Kernel's start times count in hundredths of a second, whatever the machine. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const TICK_MS = 10;
/** The clocks of two processes agree to a few ticks; a process records somewhat later than it starts. */
const SLACK_MS = 200;
const OWN_START_MS = performance.timeOrigin;

/**
 * By number and start time: a number is used again, and so is the number of a namespace. A container that is started again at once may have
 * both of its predecessor: whoever has our own pid is not there any more.
 */
export function pidStateOf({ identity, facts }: RingHeader, ownNamespace: string, procPath = '/proc'): PidState {
  if (ownNamespace === '' || facts['process.pidNamespace'] !== ownNamespace) return 'unknown';
  if (identity.pid === process.pid) return 'gone';
  try {
    const { state, startTicks } = statOf(`${procPath}/${identity.pid}`);
    if (state === 'Z' || state === 'X') return 'gone'; // its parent has not asked for it yet
    const startedMs = OWN_START_MS + (startTicks - statOf(`${procPath}/self`).startTicks) * TICK_MS;
    return startedMs > identity.startWallMs + SLACK_MS ? 'gone' : 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unknown';
  }
}

function statOf(path: string): { readonly state: string; readonly startTicks: number } {
  const stat = readFileSync(`${path}/stat`, 'utf8');
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, startTicks: Number(fields[18]) };
}
