/** The caches of this process: those the application registered and those that were found. */
import type { CacheOptions, CacheStatus, FollowedCache } from '../../agent/model/cache.ts';
import type { Problem } from '../../agent/model/problem.ts';

export interface CacheRegistryParts {
  monotonicMs(): number;
  onProblem(problem: Problem): void;
}

export interface CacheRegistry {
  /** A supported cache, or anything with `CacheContract`. */
  register(cache: unknown, options: CacheOptions): () => void;
  /** Found by itself; held weakly. */
  discover(cache: object, library: string): void;
  /** Registered ones, and discovered ones too where `discovered`. */
  followed(discovered: boolean): readonly FollowedCache[];
  statuses(): readonly CacheStatus[];
  /** At each sample: evicts what is above a cap, until `isTimeUp`. */
  tick(isTimeUp: () => boolean): void;
}

export function createCacheRegistry(_parts: CacheRegistryParts): CacheRegistry {
  return { register: () => () => {}, discover() {}, followed: () => [], statuses: () => [], tick() {} };
}
