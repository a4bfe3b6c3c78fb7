/** PLIMSOLL_DIR: making it, and files in it with its group and mode. */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fileModeIn, OWN_FOLDER_MODE } from '../model/shared-folder.ts';

const SETGID = 0o2000;

/** A folder that was there stays as it is. */
export function ensureFolder(folder: string): void {
  if (!makeFolder(folder)) return;
  // whatever the umask; a volume passes its group on by the setgid bit
  chmodSync(folder, (statSync(folder).mode & SETGID) | OWN_FOLDER_MODE);
}

/** Whether it was made. Not mkdir's `recursive`: below /proc and in a stale mount that tries again for ever (Node.js 22 to 26). */
function makeFolder(folder: string, parentExists = false): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT' || parentExists) throw error;
    makeFolder(dirname(folder));
    return makeFolder(folder, true);
  }
}

/** Opens a new file with the folder's group and mode; throws EEXIST rather than touch one that is there: it may be a neighbour's. */
export function createShared(folder: string, path: string): number {
  const fd = openSync(path, 'wx', 0o600);
  try {
    share(folder, fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

/** Gives an open file its folder's group, and the mode that the folder allows. */
export function share(folder: string, fd: number): void {
  const { mode, gid } = statSync(folder);
  if (fstatSync(fd).gid !== gid) {
    try {
      fchownSync(fd, -1, gid);
    } catch {
      // only root and members of the group may; in a setgid folder the kernel has done it
    }
  }
  // not by `open`: the umask takes the group's write away
  fchmodSync(fd, fileModeIn(mode));
}
