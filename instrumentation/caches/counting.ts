/**
 * Hits, misses and evictions of a cache whose library does not count them: a thin function on the instance, in front of the library's own.
 * It answers what that answers and throws what that throws; it is not enumerable.
 */
export interface Uses {
  hits: number;
  misses: number;
  /** Entries that went when another came. */
  pushedOut: number;
}

export interface Counted {
  readonly uses: Readonly<Uses>;
  restore(): void;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** `entryCount` and `holds` must not change anything, order of use included; without them only gets are counted. */
export function countUses(
  cache: object,
  sets?: { entryCount(): number; holds(key: unknown): boolean },
): Counted | undefined {
  if (!Object.isExtensible(cache)) return undefined;
  const uses: Uses = { hits: 0, misses: 0, pushedOut: 0 };
  const restores = [putBefore(cache, 'get', (inner) => countingGet(inner, uses))];
  if (sets !== undefined) restores.push(putBefore(cache, 'set', (inner) => countingSet(inner, uses, sets)));
  return { uses, restore: () => restores.forEach((restore) => restore()) };
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

function countingSet(
  inner: Method,
  uses: Uses,
  { entryCount, holds }: { entryCount(): number; holds(key: unknown): boolean },
): Method {
  let isInside = false;
  return function set(...args) {
    // a handler of the library that sets more entries would be counted twice
    if (isInside) return Reflect.apply(inner, this, args);
    isInside = true;
    try {
      const before = entryCount();
      const isNew = !holds(args[0]);
      const answer = Reflect.apply(inner, this, args);
      const gone = before + (isNew ? 1 : 0) - entryCount();
      if (gone > 0) uses.pushedOut += holds(args[0]) || !isNew ? gone : gone - 1;
      return answer;
    } finally {
      isInside = false;
    }
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
