/** What another process said or wrote, read with care. */

/** From another process, perhaps from another program: nothing in it is known to be what it should be. */
export type Message = Readonly<Record<string, unknown>>;

/** Of names and versions; more than any real one. */
const MAX_TEXT = 256;

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

export function isList(value: unknown, max: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= max;
}

export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON has no NaN: null is what is not known. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
