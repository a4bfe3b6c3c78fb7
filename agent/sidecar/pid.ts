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
/** Boot time is told in whole seconds. */
const SLACK_MS = 2000;

/** By number and start time: a number is used again. */
export function pidStateOf({ identity, facts }: RingHeader, ownNamespace: string, procPath = '/proc'): PidState {
  if (ownNamespace === '' || facts['process.pidNamespace'] !== ownNamespace) return 'unknown';
  try {
    const stat = readFileSync(`${procPath}/${identity.pid}/stat`, 'utf8');
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return 'gone'; // its parent has not asked for it yet
    const startedMs = bootMs(procPath) + Number(fields[18]) * TICK_MS;
    return startedMs > identity.startWallMs + SLACK_MS ? 'gone' : 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unknown';
  }
}

function bootMs(procPath: string): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync(`${procPath}/stat`, 'utf8'))?.[1]) * 1000;
}
