/** What a value holds in memory, estimated without serialising it: within a factor of two for what is put into caches. */

/** Enough to know what a value is made of; the rest is taken to be as the part that was seen. */
const MOST_NODES = 500;
const OBJECT_BYTES = 56;
const TEXT_BYTES = 16;
/** Of what refers to it; small numbers, true and null are nothing more. */
const SLOT_BYTES = 8;
const BIGINT_BYTES = 24;

export function valueBytes(value: unknown): number {
  try {
    return Math.round(estimate(value));
  } catch {
    return OBJECT_BYTES; // a Proxy may throw at anything
  }
}

function estimate(value: unknown): number {
  const seen = new Set<object>();
  const waiting: { readonly value: unknown; readonly weight: number }[] = [{ value, weight: 1 }];
  let bytes = 0;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { value: part, weight } = node;
    bytes += weight * flatBytes(part);
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    const { children, count } = childrenOf(part);
    const looked = Math.min(count, Math.max(1, MOST_NODES - seen.size - waiting.length));
    bytes += weight * SLOT_BYTES * count;
    if (seen.size < MOST_NODES) {
      for (const child of first(children, looked)) waiting.push({ value: child, weight: (weight * count) / looked });
    }
  }
  return bytes;
}

/** Without what it refers to. */
function flatBytes(value: unknown): number {
  if (typeof value === 'string') return TEXT_BYTES + value.length;
  if (typeof value === 'bigint') return BIGINT_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  return OBJECT_BYTES + (isRaw(value) ? value.byteLength : 0);
}

function isRaw(value: object): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function childrenOf(value: object): { readonly children: Iterable<unknown>; readonly count: number } {
  if (isRaw(value)) return { children: [], count: 0 };
  if (Array.isArray(value)) return { children: value, count: value.length };
  if (value instanceof Map) return { children: entriesOf(value), count: 2 * value.size };
  if (value instanceof Set) return { children: value, count: value.size };
  const names = Object.keys(value);
  return { children: valuesOf(value, names), count: names.length };
}

function* first(children: Iterable<unknown>, count: number): Generator {
  let taken = 0;
  if (count === 0) return;
  for (const child of children) {
    yield child;
    taken += 1;
    if (taken >= count) return;
  }
}

function* entriesOf(map: ReadonlyMap<unknown, unknown>): Generator {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}

/** Asks no getter: it may do anything. */
function* valuesOf(value: object, names: readonly string[]): Generator {
  for (const name of names) yield Object.getOwnPropertyDescriptor(value, name)?.value;
}
