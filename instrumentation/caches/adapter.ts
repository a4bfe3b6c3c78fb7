/** What one library's file in this folder gives the registry. */
import type { CacheContract, CacheEntry } from '../../agent/model/cache.ts';

export interface AdapterParts {
  monotonicMs(): number;
  wallMs(): number;
  /** Whether its use may be counted at the instance itself; only for what the application registered. */
  readonly mayCount: boolean;
}

export interface LibraryContract extends CacheContract {
  /** Where taking one entry costs as much as taking many: at most `count`. */
  evictMany?(count: number): readonly CacheEntry[];
}

export interface Adapted {
  readonly contract: LibraryContract;
  /** The object that holds the entries: two caches over one store are one. */
  readonly store: object;
  /** Takes off what was put on the instance to count. */
  restore?(): void;
}

export interface Adapter {
  /** As it is called on npm. */
  readonly library: string;
  /** Whether it may be the only place where its entries are: nothing is taken out unless the application registered it. */
  readonly isStorage?: boolean;
  /** By its shape: an application may have several copies and versions of a library. It may throw. */
  recognizes(cache: object): boolean;
  /** A string: why this one cannot be followed. */
  adapt(cache: object, parts: AdapterParts): Adapted | string;
}

/** Whether all of these are functions of it. The telling ones first: what other libraries have may be a getter there that warns. */
export function has(candidate: object, ...methods: readonly string[]): boolean {
  return methods.every((name) => typeof Reflect.get(candidate, name) === 'function');
}

/** A property of it that is an object. */
export function objectIn(owner: object, name: string): object | undefined {
  const value: unknown = Reflect.get(owner, name);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/** A maximum as libraries tell it: 0, -1, Infinity and undefined are none. */
export function maximum(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined;
}
