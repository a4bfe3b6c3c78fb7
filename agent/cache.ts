/** `plimsoll/cache`: a cache that gives its memory back when the process needs it. Without an agent it keeps its size. */
import type { Cacache } from '../instrumentation/caches/pressure-cache-folder.ts';
import { createPressureCaches, type CreatePressureCache } from '../instrumentation/caches/pressure-cache.ts';
import { findAgent } from './model/handle.ts';
import { problemLine } from './model/problem.ts';
import { systemClock } from './sample/clock.ts';

export type { CacheSize, DiskOptions, PressureCacheOptions } from '../instrumentation/caches/pressure-cache-options.ts';
export type {
  CacheMemoryStatus,
  DiskPressureCache,
  PressureCache,
  PressureCacheStats,
} from '../instrumentation/caches/pressure-cache-types.ts';

/**
 * Opens a cache, or returns the open one of this name. At `elevated` it holds a quarter less, at `high` half, with the disk tier emptied,
 * at `critical` at most 50 entries; afterwards it grows again, over 100 s at most. With `disk` its methods return promises.
 */
export const pressureCache: CreatePressureCache = createPressureCaches({
  ...systemClock,
  findAgent,
  loadCacache,
  onProblem: (found) => process.stderr.write(`${problemLine(found)}\n`),
});

/** Where npm installed it: beside this package, or where the application is when a bundler has put this file into it. */
function loadCacache(): Cacache | undefined {
  const { createRequire } = process.getBuiltinModule('node:module');
  for (const place of [typeof __filename === 'string' ? __filename : undefined, process.argv[1]]) {
    if (place === undefined) continue;
    try {
      return createRequire(place)('cacache') as Cacache;
    } catch {
      // not from here
    }
  }
  return undefined;
}
