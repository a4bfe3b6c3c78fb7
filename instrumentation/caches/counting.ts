/**
 * Hits and misses of a cache whose library does not count them: a thin function on the instance, in front of the library's own `get`.
 * It answers what that answers and throws what that throws; it is not enumerable. It makes a get up to 1.08 times as long; a function
 * before `set`, to see what is pushed out, made that 1.2 to 1.5 times as long: there is none.
 */
import { NOTHING_COUNTED, type CacheCounts } from '../../agent/model/cache.ts';

interface Uses {
  hits: number;
  misses: number;
}

export interface Counted {
  counts(): CacheCounts;
  restore(): void;
}

const NOT_COUNTED: Counted = { counts: () => NOTHING_COUNTED, restore() {} };

type Method = (this: unknown, ...args: unknown[]) => unknown;

export function countUses(cache: object, mayCount: boolean): Counted {
  if (!mayCount || !Object.isExtensible(cache)) return NOT_COUNTED;
  const uses: Uses = { hits: 0, misses: 0 };
  const restore = putBefore(cache, 'get', (inner) => countingGet(inner, uses));
  return { counts: () => ({ ...NOTHING_COUNTED, hit: uses.hits, miss: uses.misses }), restore };
}

function countingGet(inner: Method, uses: Uses): Method {
  return function get(key: unknown, options: unknown) {
    // an argument that was not given is not given: defaults, and what the function is compiled for, stay the same
    const value = options === undefined ? inner.call(this, key) : inner.call(this, key, options);
    if (value === undefined) uses.misses++;
    else uses.hits++;
    return value;
  };
}

function putBefore(owner: object, name: string, before: (inner: Method) => Method): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const inner: unknown = Reflect.get(owner, name);
  if (typeof inner !== 'function' || own?.configurable === false) return () => {};
  const value = before(inner as Method);
  Object.defineProperty(owner, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    // somebody else's wrapper around ours stays, and ours with it
    if (Reflect.get(owner, name) !== value) return;
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}
