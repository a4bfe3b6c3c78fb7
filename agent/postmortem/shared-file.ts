/** New files beside the ring files, for everybody who shares those. */
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { share } from '../record/folder.ts';

/** Throws EEXIST rather than touch one that is there. */
export function writeShared(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    share(dirname(path), fd);
    writeFileSync(fd, text);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}
