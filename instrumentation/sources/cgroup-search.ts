/**
 * Finds the process's own group by its pid where its path cannot be known: in a cgroup namespace whose mount shows more than
 * the namespace (LXC, `unshare --cgroup`), mountinfo says `/../..` for "two levels above you", without the names between.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Each costs about 20 µs, once at start. Small hosts and LXC have fewer; a larger search would delay the application. */
const MOST_DIRECTORIES = 300;

/**
 * The directory that is `depth` levels below `top`, then down `names`, and whose cgroup.procs holds `pid`; undefined when
 * there is none among the first directories. `root` prefixes what is read, not the answer.
 */
export function findGroupOf(
  pid: string,
  root: string,
  top: string,
  depth: number,
  names: readonly string[],
): string | undefined {
  let budget = MOST_DIRECTORIES;
  function search(directory: string, levelsLeft: number): string | undefined {
    budget -= 1;
    if (budget < 0) return undefined;
    if (levelsLeft === 0) {
      const group = [directory, ...names].join('/');
      return holds(`${root}${group}/cgroup.procs`, pid) ? group : undefined;
    }
    for (const name of subdirectories(root + directory)) {
      const found = search(`${directory}/${name}`, levelsLeft - 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return depth < 0 ? undefined : search(top, depth);
}

function subdirectories(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

function holds(procs: string, pid: string): boolean {
  try {
    return readFileSync(procs, 'latin1').split('\n').includes(pid);
  } catch {
    return false;
  }
}
