/**
 * Reads of objects of other people's making: their version is unknown, and some of the fields are private to them. What is not where
 * it was in the versions we know reads as undefined, and whoever asks has an answer for that.
 */
export function read(from: unknown, ...path: readonly string[]): unknown {
  let value = from;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

export function hasMethod(value: unknown, name: string): value is object {
  return typeof read(value, name) === 'function';
}

/** Empty for what is no Map. */
export function valuesOf(value: unknown): Iterable<unknown> {
  return value instanceof Map ? value.values() : [];
}

export function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
