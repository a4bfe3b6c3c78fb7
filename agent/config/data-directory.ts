import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Environment } from './read.ts';

/** The user's data folder, as each platform has it: `$XDG_DATA_HOME`, `~/.local/share`, `~/Library/Application Support`, `%LOCALAPPDATA%`. */
export function userDataDirectory(env: Environment, platform: NodeJS.Platform): string {
  return join(base(env, platform), 'plimsoll');
}

function base(env: Environment, platform: NodeJS.Platform): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? tmpdir();
  const home = homeOf();
  if (home === undefined) return tmpdir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  return env['XDG_DATA_HOME'] ?? join(home, '.local', 'share');
}

/** A container's user often has none: Node.js throws then, or answers the root. */
function homeOf(): string | undefined {
  try {
    const home = homedir();
    return home === '' || home === '/' ? undefined : home;
  } catch {
    return undefined;
  }
}
