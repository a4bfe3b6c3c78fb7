/**
 * `oom_kill` of a process's own group: how many of its processes the kernel killed for want of memory. Where it is, and that it is still the
 * same group, the ring file's header says.
 */
import { closeSync, openSync, readlinkSync, readSync, statSync } from 'node:fs';

import type { RingHeader } from '../record/header.ts';

/** Held open while the process lives: in another container's file system it is out of reach afterwards. */
export interface KillCounter {
  /** undefined: the group is gone. */
  read(): number | undefined;
  close(): void;
}

/** memory.events of a group has five to seven short lines. */
const MAX_BYTES = 1024;

/**
 * In the same container, or in a shared PID namespace (`/proc/<pid>/root`) with the same user. undefined: out of reach, or another group
 * by now.
 */
export function openKillCounter(header: RingHeader, procPath = '/proc'): KillCounter | undefined {
  const path = header.facts['cgroup.ownPath'];
  const inode = header.facts['cgroup.ownInode'];
  const file = header.facts['cgroup.version'] === 'v1' ? 'memory.oom_control' : 'memory.events';
  if (typeof path !== 'string' || typeof inode !== 'string' || path === '' || inode === '') return undefined;
  for (const root of ['', ...rootOf(header, procPath)]) {
    const counter = inodeOf(root + path) === inode ? openCounter(`${root}${path}/${file}`) : undefined;
    if (counter !== undefined) return counter;
  }
  return undefined;
}

/** Its number means the same process to us only in the same PID namespace. */
function rootOf({ identity, facts }: RingHeader, procPath: string): readonly string[] {
  try {
    const own = readlinkSync(`${procPath}/self/ns/pid`);
    return own === facts['process.pidNamespace'] ? [`${procPath}/${identity.pid}/root`] : [];
  } catch {
    return [];
  }
}

function inodeOf(path: string): string | undefined {
  try {
    return statSync(path, { bigint: true }).ino.toString();
  } catch {
    return undefined;
  }
}

function openCounter(path: string): KillCounter | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  return {
    read() {
      try {
        const bytes = Buffer.alloc(MAX_BYTES);
        const found = /^oom_kill (\d+)$/m.exec(bytes.toString('latin1', 0, readSync(fd, bytes, 0, MAX_BYTES, 0)));
        return found === null ? undefined : Number(found[1]);
      } catch {
        return undefined; // the group was removed
      }
    },
    close: () => closeSync(fd),
  };
}
