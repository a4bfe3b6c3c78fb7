/**
 * Where an agent's control socket is: `<instance id>.sock` beside its ring file, a named pipe on Windows. The kernel takes a path of 107 bytes
 * (103 on macOS and the BSDs); a folder on a volume of Kubernetes may be deeper.
 */
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const SOCKET_EXTENSION = '.sock';

export function socketPathOf(directory: string, instanceId: string, platform: NodeJS.Platform): string {
  return platform === 'win32'
    ? `\\\\.\\pipe\\plimsoll-${instanceId}`
    : join(directory, `${instanceId}${SOCKET_EXTENSION}`);
}

/** `sun_path` without its final 0: unix(7), and sys/un.h of macOS. */
export function isTooLong(path: string, platform: NodeJS.Platform): boolean {
  return platform !== 'win32' && Buffer.byteLength(path) > (platform === 'linux' ? 107 : 103);
}

/** Calls `use` with a short name of this folder, which is good until `use` returns. Linux alone has one. */
export function withShortFolder<T>(directory: string, use: (folder: string) => T): T {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/** Calls `use` with a path that can be connected to, which is good until `use` returns. */
export function withReachable<T>(path: string, platform: NodeJS.Platform, use: (path: string) => T): T {
  if (!isTooLong(path, platform)) return use(path);
  if (platform === 'linux') return withShortFolder(dirname(path), (folder) => use(join(folder, basename(path))));
  return use(readlinkSync(path)); // a link to where it is
}
