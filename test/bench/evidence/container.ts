/**
 * What a container is to a process: a memory group, a PID namespace in which it is the first, its own mounts and its own view of the
 * cgroup hierarchy, in which there is nothing but its group. Root alone can make one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createMemoryGroup, type MemoryGroup, whyNoMemoryGroups } from '../../helpers/memory-group.ts';

const ENTER = fileURLToPath(new URL('programs/enter-namespaces.sh', import.meta.url));

export interface Container {
  readonly group: MemoryGroup;
  /** For `shellBefore` of a program that is to be in it. */
  enter(behindShell?: boolean): string;
  /** Ends all that runs in it. */
  stop(): void;
  remove(): void;
}

export function whyNoContainers(): string | undefined {
  const reason = whyNoMemoryGroups();
  if (reason !== undefined) return reason;
  try {
    execFileSync('unshare', ['--pid', '--mount', '--cgroup', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'unshare of util-linux cannot make namespaces here';
  }
}

export function createContainer(limitMebibytes: number): Container {
  const group = createMemoryGroup(limitMebibytes * 2 ** 20);
  return {
    group,
    enter: (behindShell = false) => `ulimit -c 0; ${group.enter}; ${namespaces(group, behindShell)}`,
    stop() {
      for (const pid of pidsIn(group)) kill(pid);
    },
    remove: () => group.remove(),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it went with the first process of its namespace
  }
}

/** The command that follows becomes the first, or second, process of namespaces of its own. */
function namespaces({ version, path }: MemoryGroup, behindShell: boolean): string {
  const mount = version === 1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  return `set -- /bin/sh ${ENTER} ${path} ${mount} ${behindShell ? 'second' : 'first'} "$@"`;
}

/** By the pid that it has here, which is another than its own: the Node.js in this group that runs `program`. */
export function pidIn(group: MemoryGroup, program: string): number | undefined {
  return pidsIn(group).find((pid) => isNodeOf(pid, program));
}

function pidsIn({ path }: MemoryGroup): readonly number[] {
  return readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
}

function isNodeOf(pid: number, program: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isNode = readlinkSync(`/proc/${pid}/exe`).endsWith('node');
    return isNode && words.includes(program) && !words.some((word) => word.endsWith('/cli.mjs'));
  } catch {
    return false; // gone meanwhile
  }
}

/** Whether it has ended, reaped or not: what it held is closed then. */
export function hasEnded(pid: number): boolean {
  try {
    // the name in parentheses may hold anything
    return /^.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
