/** Where the counts of deaths are: apart, since the preload asks whether there are any. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const COUNTS_FILE = 'deaths.json';

export function hasDeathCounts(directory: string): boolean {
  return existsSync(join(directory, COUNTS_FILE));
}
