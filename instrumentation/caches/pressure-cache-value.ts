/** A value of the disk tier as bytes, and back: the structured clone that Node.js itself writes. */

export interface StoredValue {
  readonly value: unknown;
  /** NaN: not known. */
  readonly costMs: number;
  /** Wall clock, ms: other processes read it, and later ones. */
  readonly storedMs: number;
}

/** Looked at to find what would come back as something else. */
const MOST_NODES = 500;

/** undefined: it would not come back as it is. The id makes the bytes of any two entries differ: cacache keeps equal ones once. */
export function encode(id: string, { value, costMs, storedMs }: StoredValue): Buffer | undefined {
  try {
    if (hasInstance(value)) return undefined;
    return process.getBuiltinModule('node:v8').serialize([id, storedMs, costMs, value]);
  } catch {
    return undefined;
  }
}

/** undefined: it is damaged, or of another entry. */
export function decode(id: string, data: Uint8Array): StoredValue | undefined {
  try {
    const stored: unknown = process.getBuiltinModule('node:v8').deserialize(data);
    if (!Array.isArray(stored) || stored.length !== 4) return undefined;
    const [owner, storedMs, costMs, value] = stored as readonly unknown[];
    if (owner !== id || typeof storedMs !== 'number' || typeof costMs !== 'number') return undefined;
    return { value, costMs, storedMs };
  } catch {
    return undefined;
  }
}

/** A class's instance would come back as a plain object, without its methods. */
function hasInstance(value: unknown): boolean {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && seen.size < MOST_NODES) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null || seen.has(node) || ArrayBuffer.isView(node)) continue;
    seen.add(node);
    if (isInstance(node)) return true;
    const children = node instanceof Map ? [...node].flat() : node instanceof Set ? [...node] : Object.values(node);
    waiting.push(...children.slice(0, MOST_NODES));
  }
  return false;
}

/** By the shape of its prototypes: `Object.prototype` of another realm is another object. */
function isInstance(value: object): boolean {
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) !== null;
}
