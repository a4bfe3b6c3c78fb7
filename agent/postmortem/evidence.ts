/** Reads what the world still knows of a dead process: its group's counter, the report that V8 wrote. */
import type { RingHeader } from '../record/header.ts';
import { NO_EVIDENCE, type WorldEvidence } from './found.ts';

/** `oom_kill` of a process's own group, held open while it lives: in another container's file system it is out of reach afterwards. */
export interface KillCounter {
  /** undefined: the group is gone. */
  read(): number | undefined;
  close(): void;
}

/**
 * While the process lives, in the same container or in a shared PID namespace (`/proc/<pid>/root`); undefined: out of reach, or it is
 * another group.
 */
export function openKillCounter(_header: RingHeader): KillCounter | undefined {
  return undefined;
}

/** After the death. `counter`: what was opened before; without it the group is looked for where the header says. */
export function gatherEvidence(_header: RingHeader, _counter?: KillCounter): WorldEvidence {
  return NO_EVIDENCE;
}
