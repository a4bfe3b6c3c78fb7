/** Who may connect: whoever may write to the ring file, whose mode and group are the folder's policy. */
import { statSync } from 'node:fs';

import { fileModeIn } from '../model/shared-folder.ts';

export interface Permissions {
  readonly mode: number;
  readonly gid: number;
}

/** `recording`: path of the ring file; undefined: there is none, and the folder alone says it. */
export function permissionsIn(directory: string, recording: string | undefined): Permissions {
  const { mode, gid } = statSync(recording ?? directory);
  return { mode: recording === undefined ? fileModeIn(mode) : mode & 0o666, gid };
}
