/** Hands the signals that a parent gets on to its child. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGBREAK', // Ctrl-Break on Windows
];
/** What a terminal sends to its whole foreground group: the child has it already. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/**
 * From now on no forwarded signal ends this process. On Windows the console tells parent and child alike, and there is
 * nothing to hand on: `kill` would end the child at once, or throw. Answers what takes the listeners away again.
 */
export function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    if (process.platform === 'win32' || (FROM_TERMINAL.has(signal) && isInForeground())) return;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

/** Whether a terminal's keys reach this process group. proc_pid_stat(5): fields 5 pgrp and 8 tpgid, −1 without a terminal. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foregroundGroup;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY; // no /proc: macOS, Windows
  }
}
