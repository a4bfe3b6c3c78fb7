/**
 * Real memory cgroups: made with a limit, entered by a shell before it becomes the program, taken away at the end whatever
 * happens. Needs root and a mounted memory controller, v2 or v1.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

export interface MemoryGroup {
  readonly version: 1 | 2;
  readonly path: string;
  /** For a shell: moves it into the group, and with it the program that takes its place. */
  readonly enter: string;
  /** Processes the kernel killed here for want of memory. */
  oomKills(): number;
  /** An ancestor may have one still. */
  removeLimit(): void;
  /** Ends what still runs inside. */
  remove(): void;
}

interface Hierarchy {
  readonly version: 1 | 2;
  /** The group that new ones are made in. */
  readonly parent: string;
}

const present = new Set<MemoryGroup>();
let made = 0;
process.on('exit', () => {
  for (const group of present) group.remove();
});

/** Why no group can be made here, in words that complete "skipped: …"; undefined when one can. */
export function whyNoMemoryGroups(): string | undefined {
  try {
    createMemoryGroup(64 * 2 ** 20).remove();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Throws when this machine has no memory controller or this user may not make a group. */
export function createMemoryGroup(limitBytes: number): MemoryGroup {
  const { version, parent } = hierarchy();
  made += 1;
  const path = `${parent}/plimsoll-${process.pid}-${made}`;
  const read = (file: string): string => readFileSync(`${path}/${file}`, 'utf8');
  const limitPath = `${path}/${version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`;
  const swapPath = `${path}/${version === 2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes'}`;
  mkdirSync(path);
  const group: MemoryGroup = {
    version,
    path,
    enter: `echo $$ > ${path}/cgroup.procs`,
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read(version === 2 ? 'memory.events' : 'memory.oom_control'))?.[1]),
    removeLimit() {
      if (existsSync(swapPath)) writeFileSync(swapPath, version === 2 ? 'max' : '-1'); // v1's includes memory: it goes first
      writeFileSync(limitPath, version === 2 ? 'max' : '-1');
    },
    remove() {
      present.delete(group);
      removeGroup(path);
    },
  };
  present.add(group);
  writeFileSync(limitPath, String(limitBytes));
  // without swap, as containers are run
  if (existsSync(swapPath)) writeFileSync(swapPath, String(version === 2 ? 0 : limitBytes));
  return group;
}

/** The one that has the memory controller; on hybrid machines v2 is mounted without it. */
function hierarchy(): Hierarchy {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  for (const [, mount = '', type, options = ''] of mounts) {
    if (type === 'cgroup' && options.split(',').includes('memory')) return { version: 1, parent: mount + ownV1Path() };
    const given = `${mount}/cgroup.subtree_control`;
    if (type === 'cgroup2' && existsSync(given) && /\bmemory\b/.test(readFileSync(given, 'utf8'))) {
      return { version: 2, parent: mount };
    }
  }
  throw new Error('no cgroup hierarchy with the memory controller for groups is mounted');
}

/** What binds this process binds its children too. Empty for the root group. */
function ownV1Path(): string {
  const own = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:\/(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  return own === '' ? '' : `/${own}`;
}

/** A group is busy for a moment after its last process ended. */
function removeGroup(path: string): void {
  for (let attempt = 1; ; attempt++) {
    for (const pid of readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)) {
      process.kill(Number(pid), 'SIGKILL');
    }
    try {
      return rmdirSync(path);
    } catch (error) {
      if (attempt === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
