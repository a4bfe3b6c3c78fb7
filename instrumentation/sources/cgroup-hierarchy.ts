/**
 * Where this process's memory cgroup is: which version holds the memory controller, which mount shows it, and the
 * directories from the process's own group up to the highest ancestor that can be seen.
 * Run at start and when the process was moved; `cgroup.ts` reads the levels it names.
 *
 * The path in /proc/self/cgroup and the mount point do not always concatenate: a container's mount shows a subtree, and
 * in a cgroup namespace both are relative to the namespace's root (cgroup_namespaces(7)).
 */
import { existsSync, readFileSync } from 'node:fs';

import { findGroupOf } from './cgroup-search.ts';

export interface Hierarchy {
  readonly version: 'v1' | 'v2' | 'none';
  /** What the process is attached to: v2 only, v1 only, or both. The memory controller is on one of them, see `version`. */
  readonly mode: 'unified' | 'legacy' | 'hybrid' | 'none';
  /** The group's path as /proc/self/cgroup tells it. */
  readonly path: string;
  readonly mount: string;
  /** Directories that have the memory controller, own group first, each the parent (or a higher ancestor) of the one before. */
  readonly levels: readonly string[];
  /** False when the process's own group has no memory files (controller not enabled there) and `levels` starts at an ancestor. */
  readonly ownHasMemory: boolean;
}

interface Mount {
  /** The directory of the hierarchy that is shown at `point`. */
  readonly root: string;
  readonly point: string;
}

interface Kind {
  readonly version: 'v1' | 'v2';
  /** A file that every group with the memory controller has. v2's real root has none: its usage is the host's. */
  readonly usageFile: string;
  readonly defaultPoint: string;
}

const V1: Kind = { version: 'v1', usageFile: 'memory.usage_in_bytes', defaultPoint: '/sys/fs/cgroup/memory' };
const V2: Kind = { version: 'v2', usageFile: 'memory.current', defaultPoint: '/sys/fs/cgroup' };

const NONE: Hierarchy = { version: 'none', mode: 'none', path: '', mount: '', levels: [], ownHasMemory: false };

/**
 * `root` prefixes every path that is read; the answer's paths do not have it. `selfCgroup` is the text of /proc/self/cgroup.
 * Never throws: what cannot be found is version `none`.
 */
export function findHierarchy(root: string, selfCgroup: string): Hierarchy {
  const { memoryPath, unifiedPath, mode } = parseSelfCgroup(selfCgroup);
  const mounts = parseMountinfo(textOf(`${root}/proc/self/mountinfo`));
  // A hybrid host has `0::` while the memory controller is on v1, so v1's line decides, never the presence of `0::`.
  for (const [kind, path, seen] of [
    [V1, memoryPath, mounts.v1],
    [V2, unifiedPath, mounts.v2],
  ] as const) {
    if (path === undefined && seen.length === 0) continue;
    const found = locate(root, kind, path ?? '/', seen);
    if (found !== undefined) return { ...found, mode };
  }
  return { ...NONE, mode, path: memoryPath ?? unifiedPath ?? '' };
}

interface SelfCgroup {
  readonly memoryPath: string | undefined;
  readonly unifiedPath: string | undefined;
  readonly mode: Hierarchy['mode'];
}

/** Lines `id:controllers:path`; v2's is `0::path`, and a path may contain colons (containerd without systemd). */
function parseSelfCgroup(text: string): SelfCgroup {
  let memoryPath: string | undefined;
  let unifiedPath: string | undefined;
  let hasV1 = false;
  for (const line of text.split('\n')) {
    const parts = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (parts === null) continue;
    const [, id, controllers = '', path = '/'] = parts;
    if (id === '0' && controllers === '') unifiedPath = path;
    else if (!controllers.startsWith('name=')) hasV1 = true;
    if (controllers.split(',').includes('memory')) memoryPath = path;
  }
  const v2 = unifiedPath === undefined ? 'none' : 'unified';
  const v1 = unifiedPath === undefined ? 'legacy' : 'hybrid';
  return { memoryPath, unifiedPath, mode: hasV1 ? v1 : v2 };
}

/** proc_pid_mountinfo(5): `id parent major:minor root point options [tags…] - type source super-options`. */
function parseMountinfo(text: string): { v1: Mount[]; v2: Mount[] } {
  const v1: Mount[] = [];
  const v2: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ', 2);
    const [, , , root, point] = before?.split(' ') ?? [];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (root === undefined || point === undefined) continue;
    const mount = { root: unescape(root), point: unescape(point) };
    if (type === 'cgroup2') v2.push(mount);
    if (type === 'cgroup' && superOptions?.split(',').includes('memory') === true) v1.push(mount);
  }
  return { v1, v2 };
}

/** The kernel writes space, tab, newline and backslash as octal. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}

function locate(root: string, kind: Kind, path: string, seen: readonly Mount[]): Omit<Hierarchy, 'mode'> | undefined {
  // Some sandboxes hide mountinfo, or the cgroup mount in it, and still have the files at the usual place.
  const mounts = seen.length > 0 ? seen : [{ root: '/', point: kind.defaultPoint }];
  let best: Omit<Hierarchy, 'mode'> | undefined;
  let bestIsExact = false;
  for (const { point, directory, isExact } of candidates(root, path, mounts)) {
    const levels = levelsUpFrom(root, kind, directory, point);
    if (levels.length === 0) continue;
    // The mount that shows more ancestors shows more limits.
    const isBetter = best === undefined || (isExact && (!bestIsExact || levels.length > best.levels.length));
    if (!isBetter) continue;
    bestIsExact = isExact;
    best = { version: kind.version, path, mount: point, levels, ownHasMemory: isExact && levels[0] === directory };
  }
  return best;
}

interface Candidate {
  readonly point: string;
  readonly directory: string;
  /** Whether `directory` is the own group, and not the nearest that can be seen above it. */
  readonly isExact: boolean;
}

/** Where each mount shows the own group: below the mount's root, or joined to the mount point; else what is above it. */
function candidates(root: string, path: string, mounts: readonly Mount[]): Candidate[] {
  return mounts.flatMap(({ root: top, point }) => {
    const below = pathBelow(path, top);
    const names = (below ?? path).split('/').filter((name) => name !== '' && name !== '..');
    if (below === undefined && top.startsWith('/..')) {
      const directory = findGroupOf(ownPid(root), root, point, levelsUp(top) - levelsUp(path), names);
      return directory === undefined ? [] : [{ point, directory, isExact: true }];
    }
    // `/../x` leads out of what the mount shows: the group itself cannot be seen, the mount's root is the best there is.
    let isExact = below !== undefined || !path.startsWith('/..');
    while (names.length > 0 && !existsSync(root + [point, ...names].join('/'))) {
      names.pop();
      isExact = false;
    }
    return [{ point, directory: [point, ...names].join('/'), isExact }];
  });
}

const levelsUp = (path: string): number => path.split('/').filter((name) => name === '..').length;

/** As /proc tells it: cgroup.procs is translated to the same pid namespace. */
const ownPid = (root: string): string => textOf(`${root}/proc/self/stat`).split(' ', 1)[0] ?? '';

/** `/a/b/c` below `/a` is `/b/c`, below itself the empty path; undefined when it is not below. */
function pathBelow(path: string, top: string): string | undefined {
  const prefix = top === '/' ? '' : top;
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  const below = path.slice(prefix.length);
  return below.startsWith('/..') ? undefined : below;
}

function levelsUpFrom(root: string, kind: Kind, directory: string, point: string): string[] {
  const levels: string[] = [];
  for (let at = directory; at.length >= point.length; at = at.slice(0, at.lastIndexOf('/'))) {
    // v1 before Linux 5.11: a group without use_hierarchy does not count its children, so its limit is not theirs.
    if (kind === V1 && levels.length > 0 && textOf(`${root}${at}/memory.use_hierarchy`).startsWith('0')) break;
    if (existsSync(`${root}${at}/${kind.usageFile}`)) levels.push(at);
  }
  return levels;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
