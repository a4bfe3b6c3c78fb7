/** Why nothing is recorded, and what repairs it. */
import { problem, type Problem } from '../model/problem.ts';

export interface Trouble {
  readonly problem: Problem;
  /** One sentence without its full stop. */
  readonly repair: string;
}

const USABLE = 'PLIMSOLL_DIR must be a folder with free space that this process may write to';
const REPAIRS: Readonly<Record<string, string>> = {
  ENOENT: 'make the folder that PLIMSOLL_DIR names again',
  EROFS: 'mount PLIMSOLL_DIR writable',
  ENOSPC: 'make room in PLIMSOLL_DIR: a process needs 2 MB, and 1 MiB stays free',
  EDQUOT: 'make room in PLIMSOLL_DIR: a process needs 2 MB, and 1 MiB stays free',
};

export function troubleOf(where: string, error: unknown): Trouble {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return trouble(where, message, code === 'EACCES' || code === 'EPERM' ? writableRepair() : (REPAIRS[code] ?? USABLE));
}

export function trouble(where: string, what: string, repair: string): Trouble {
  return { problem: problem('PLM_RECORD_FAILED', `${where}: ${what}; ${repair}. Nothing is recorded.`), repair };
}

function writableRepair(): string {
  const user = ['user', process.geteuid?.()].join(' '); // Windows has no numbers
  return `make PLIMSOLL_DIR writable for ${user}: by a group that shares it and mode 2770 (in Kubernetes: fsGroup)`;
}
