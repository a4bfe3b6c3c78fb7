/**
 * Decimal numbers in the bytes of a kernel file, parsed in place: no string, no array, no regular expression per read.
 * Numbers above 2^53 lose their last digits, as any double; cgroup v1's huge "no limit" stays recognisably huge.
 */

const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const ZERO = 0x30;
const NINE = 0x39;

/** The bytes of a key or marker, made once where it is named. */
export function asciiBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const MAX = asciiBytes('max');

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function isEnd(byte: number | undefined): boolean {
  return isBlank(byte) || byte === NEWLINE || byte === CARRIAGE_RETURN;
}

/** Whether `bytes` holds `text` at `at`, wholly before `end`. */
function holdsAt(bytes: Uint8Array, end: number, at: number, text: Uint8Array): boolean {
  if (at + text.length > end) return false;
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[at + i] !== text[i]) return false;
  }
  return true;
}

/**
 * The unsigned number at `offset`, after any blanks, ended by white space or by `end`.
 * `max` is Infinity; anything else (a sign, a fraction, trailing letters, nothing) is NaN.
 */
export function parseNumber(bytes: Uint8Array, offset: number, end: number): number {
  let at = offset;
  while (at < end && isBlank(bytes[at])) at += 1;
  if (holdsAt(bytes, end, at, MAX)) {
    const after = at + MAX.length;
    return after === end || isEnd(bytes[after]) ? Number.POSITIVE_INFINITY : Number.NaN;
  }
  const first = at;
  let value = 0;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
  }
  if (at === first) return Number.NaN;
  return at === end || isEnd(bytes[at]) ? value : Number.NaN;
}

/** The offset just after the first `text` at or after `from`, wholly before `end`; −1 when there is none. */
export function offsetAfter(bytes: Uint8Array, end: number, text: Uint8Array, from = 0): number {
  const first = text[0];
  for (let at = from; at + text.length <= end; at += 1) {
    if (bytes[at] === first && holdsAt(bytes, end, at, text)) return at + text.length;
  }
  return -1;
}

/**
 * Files of lines `key value`: the value of each of `keys` (a key of `MemTotal: 16 kB` includes its colon) into the
 * same place of `values`, NaN where there is none. One pass, whatever the number and order of keys; ends early when
 * all are found. A key that occurs twice counts as its first line
 * with a number.
 */
export function valuesByKey(
  bytes: Uint8Array,
  length: number,
  keys: readonly Uint8Array[],
  values: Float64Array,
): void {
  values.fill(Number.NaN);
  let missing = keys.length;
  // The kernel writes its lines in one order, so the key after the last one found is tried first.
  let next = 0;
  for (let at = 0; at < length && missing > 0; at += 1) {
    for (let tried = 0; tried < keys.length; tried += 1) {
      const index = (next + tried) % keys.length;
      const key = keys[index];
      if (key === undefined || key[0] !== bytes[at] || !holdsAt(bytes, length, at, key)) continue;
      const after = at + key.length;
      if (!isBlank(bytes[after]) || !Number.isNaN(values[index] ?? 0)) continue;
      const value = parseNumber(bytes, after, length);
      values[index] = value;
      if (!Number.isNaN(value)) missing -= 1;
      next = index + 1;
      break;
    }
    while (at < length && bytes[at] !== NEWLINE) at += 1;
  }
}
