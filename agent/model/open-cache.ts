/** The pressure caches that are open in this process, from any copy of the package: a name has one cache, and the HTTP routes find them. */
import type { CacheStatus, Evicted } from './cache.ts';

const OPEN_CACHES = Symbol.for('plimsoll.pressure-caches.v1');

export interface OpenCache {
  /** What the application was given. */
  readonly cache: unknown;
  status(): CacheStatus;
  /** `stats()` of the cache. */
  stats(): object;
  clear(): Promise<Evicted>;
}

/** By name, those with a disk tier apart from those without: their methods differ. */
export function openCaches(): Map<string, OpenCache> {
  const found: unknown = Reflect.get(globalThis, OPEN_CACHES);
  if (found !== undefined) return found as Map<string, OpenCache>;
  const made = new Map<string, OpenCache>();
  Object.defineProperty(globalThis, OPEN_CACHES, { value: made, configurable: true });
  return made;
}
