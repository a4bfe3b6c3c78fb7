/** Programs of other users, and of other views of a folder: what containers of one pod are to each other. Root alone can start them. */
import { spawnSync } from 'node:child_process';

export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Beside its own: `fsGroup` of a pod. */
  readonly groups?: readonly number[];
}

export const ROOT: User = { uid: 0, gid: 0 };

/** For `shellBefore`: who the program is. */
export function as({ uid, gid, groups = [] }: User): string {
  const others = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  return `set -- setpriv --reuid=${uid} --regid=${gid} ${others} -- "$@"`;
}

/** For `shellBefore`, before `as`: to the program the folder is read-only. */
export function readOnly(folder: string): string {
  const mount = `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder} && exec "$@"`;
  return `set -- unshare --mount /bin/sh -c '${mount}' sh "$@"`;
}

/** Why there are no other users here, or false. */
export function whyNoOtherUsers(): false | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to be other users';
  const { status } = spawnSync('setpriv', ['--reuid=1001', '--regid=1001', '--clear-groups', '--', 'true']);
  return status === 0 ? false : 'setpriv of util-linux is not installed or not allowed';
}
