/** A real cgroup v1 memory group with a limit, for programs that are to feel one. Needs root and a v1 memory hierarchy. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MOUNT = '/sys/fs/cgroup/memory';

export interface MemoryGroup {
  /** The innermost level. */
  readonly path: string;
  /** Shell command that moves the shell, and so what it executes next, into the group. */
  readonly enter: string;
  remove(): Promise<void>;
}

let made = 0;

/** The limits from the outermost level to the innermost, bytes; undefined leaves a level unlimited. Throws where it cannot be had. */
export function createMemoryGroup(limitsBytes: readonly (number | undefined)[]): MemoryGroup {
  const levels: string[] = [];
  let path = join(MOUNT, ownPath(), `plimsoll-${process.pid}-${made++}`);
  for (const [depth, limitBytes] of limitsBytes.entries()) {
    if (depth > 0) path = join(path, `level-${depth}`);
    mkdirSync(path);
    levels.unshift(path);
    if (limitBytes !== undefined) writeFileSync(join(path, 'memory.limit_in_bytes'), String(limitBytes));
  }
  return {
    path,
    enter: `echo $$ > ${path}/cgroup.procs`,
    async remove() {
      for (const level of levels) await removeLevel(level);
    },
  };
}

/** Undefined where groups can be made; else why not. */
export function whyNoMemoryGroup(): string | undefined {
  try {
    const group = createMemoryGroup([64 * 2 ** 20]);
    rmdirSync(group.path);
    return undefined;
  } catch (error) {
    return `no cgroup v1 memory group can be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The group this process is in: a child of it is bound by the same ancestors. */
function ownPath(): string {
  return /^\d+:(?:[\w=]+,)*memory(?:,[\w=]+)*:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
}

/** A killed process leaves its group a moment after its parent was told: EBUSY until then. */
async function removeLevel(path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt === 100) throw error;
      await sleep(20);
    }
  }
}
