/** A small file system of a test's own, which can be full or read-only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tmpfs {
  readonly folder: string;
  remount(access: 'ro' | 'rw'): void;
  unmount(): void;
}

export function mountTmpfs(size: string): Tmpfs {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return {
    folder,
    remount: (access) => execFileSync('mount', ['-o', `remount,${access}`, folder]),
    unmount() {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
}

/** Why none can be mounted here, or false. */
export function whyNoTmpfs(): false | string {
  if (process.platform !== 'linux') return 'needs a tmpfs of its own: Linux';
  try {
    mountTmpfs('64k').unmount();
    return false;
  } catch {
    return 'needs a tmpfs of its own: root';
  }
}
