/** A library's cache from test/apps/caches, followed by a registry whose clock can be put ahead. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { CacheOptions } from '../../agent/model/cache.ts';
import { createCacheRegistry } from '../../instrumentation/caches/index.ts';
import { appIn } from '../../scripts/install-apps.ts';

const { folder, skip } = appIn('caches');
const load = createRequire(join(folder, 'package.json'));

/** false, or why there is no library to test with. */
export const noLibraries = skip;

export interface Cache {
  get(key: string, options?: object): unknown;
  set(key: string, value: unknown, ttl?: unknown): unknown;
}

type CacheClass<T extends object> = new (options: object) => T;

/** A class by its name, as the default, or as the module itself. */
export function cacheClass<T extends object = Cache>(module: string, name = 'default'): CacheClass<T> {
  const loaded = load(module) as Record<string, unknown>;
  return (loaded[name] ?? loaded['default'] ?? loaded) as CacheClass<T>;
}

export const NEVER = (): boolean => false;

export function follow(cache: unknown, options: Partial<CacheOptions> = {}) {
  let aheadMs = 0;
  const registry = createCacheRegistry({
    monotonicMs: () => performance.now() + aheadMs,
    wallMs: () => Date.now() + aheadMs,
    onProblem: ({ message }) => assert.fail(message),
  });
  const takeBack = registry.register(cache, { name: 'subject', ...options });
  const [followed] = registry.followed(false);
  assert.ok(followed);
  return { ...followed, registry, takeBack, pass: (ms: number) => (aheadMs += ms) };
}
