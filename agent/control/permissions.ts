/** Who may connect: whoever may write to the ring file, whose mode and group are the folder's policy. */
import { statSync } from 'node:fs';

import { fileModeIn } from '../model/shared-folder.ts';

export interface Permissions {
  readonly mode: number;
  readonly gid: number;
}

/** `recording`: path of the ring file; where there is none, or no longer, the folder alone says it. */
export function permissionsIn(directory: string, recording: string | undefined): Permissions {
  const ring = recording === undefined ? undefined : statSync(recording, { throwIfNoEntry: false });
  if (ring !== undefined) return { mode: ring.mode & 0o666, gid: ring.gid };
  const { mode, gid } = statSync(directory);
  return { mode: fileModeIn(mode), gid };
}
