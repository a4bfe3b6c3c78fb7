/**
 * How many bytes go when entries go, estimated by looking at their parts. Sizes are V8's on 64 bits without pointer compression, which is
 * how Node.js is built; test/instrumentation/caches/bytes-of.test.ts holds them against real heaps.
 */
import { isProxy } from 'node:util/types';

import type { CacheEntry } from '../../agent/model/cache.ts';

const WORD = 8;
/** Map, properties, elements. */
const OBJECT = 3 * WORD;
const NUMBER = 2 * WORD;
/** An object that has become a dictionary: name, value and details in a table that is a fourth full; from a sixth to two thirds is seen. */
const DICTIONARY_ENTRY = 12 * WORD;
/** More properties than this make a dictionary, and are names of their own. */
const MAX_SHAPE = 128;
/** A view, its ArrayBuffer, and what they hold outside of the heap beside the bytes. */
const VIEW = 208;
const DATE = 12 * WORD;
const FUNCTION = 8 * WORD;
/** What a cache keeps for an entry beside key and value: a Map 27 bytes, a list of use as much again. */
const ENTRY = 6 * WORD;
/** Looked at, of the children of one object; the others are taken to be like them. */
const MAX_CHILDREN = 16;
const MAX_DEPTH = 12;
/** Looked at for a whole call, per entry. */
const PARTS_PER_ENTRY = 200;
/** Of a string, to see whether it needs two bytes a character. */
const MAX_CHARACTERS = 32;

interface Walk {
  parts: number;
  /** The entry that is looked at. */
  entry: number;
  /** What was counted, and for which entry. */
  readonly counted: Map<object, { readonly entry: number; bytes: number }>;
  /** Counted for one entry, and found to belong to another too: it stays when one of them goes. */
  sharedBytes: number;
}

/** Of all of them together. What two of them share is not counted. It never runs code of the application: no getter, no proxy. What only code
 * can reach (private fields, closures, native memory) is not seen. */
export function bytesOfEntries(entries: readonly CacheEntry[]): number {
  const walk: Walk = { parts: 0, entry: 0, counted: new Map(), sharedBytes: 0 };
  let bytes = 0;
  for (const { key, value } of entries) {
    walk.entry++;
    walk.parts = PARTS_PER_ENTRY;
    bytes += ENTRY + bytesOf(key, walk, 0) + bytesOf(value, walk, 0);
  }
  return Math.max(bytes - walk.sharedBytes, entries.length * ENTRY);
}

/** Of what a slot refers to; the slot itself is its owner's. */
function bytesOf(value: unknown, walk: Walk, depth: number): number {
  if (typeof value === 'string') return bytesOfString(value);
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER;
  if (typeof value === 'bigint') return 3 * WORD;
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    return bytesOfObject(value, walk, depth);
  }
  return 0;
}

function bytesOfString(text: string): number {
  // V8 has these once
  if (text.length <= 1) return 0;
  const step = Math.max(1, Math.floor(text.length / MAX_CHARACTERS));
  let bytesPerCharacter = 1;
  for (let index = 0; index < text.length; index += step) {
    if (text.charCodeAt(index) > 0xff) {
      bytesPerCharacter = 2;
      break;
    }
  }
  return 2 * WORD + Math.ceil((text.length * bytesPerCharacter) / WORD) * WORD;
}

function bytesOfObject(value: object, walk: Walk, depth: number): number {
  const before = walk.counted.get(value);
  if (before !== undefined) {
    if (before.entry !== walk.entry) {
      walk.sharedBytes += before.bytes;
      before.bytes = 0;
    }
    return 0;
  }
  if (walk.parts-- <= 0 || depth > MAX_DEPTH) return 0;
  const record = { entry: walk.entry, bytes: 0 };
  walk.counted.set(value, record);
  record.bytes = bytesOfContent(value, walk, depth);
  return record.bytes;
}

function bytesOfContent(value: object, walk: Walk, depth: number): number {
  if (typeof value === 'function') return FUNCTION;
  if (isProxy(value)) return 2 * WORD;
  if (ArrayBuffer.isView(value)) return VIEW + bytesOfBuffer(value.buffer, value.byteLength, walk);
  if (value instanceof ArrayBuffer) return VIEW / 2 + value.byteLength;
  if (Array.isArray(value)) return bytesOfArray(value, walk, depth);
  if (value instanceof Map) return bytesOfMap(value, walk, depth);
  if (value instanceof Set) return bytesOfSet(value, walk, depth);
  if (value instanceof Date) return DATE;
  return bytesOfProperties(value, walk, depth);
}

/** A view keeps all of its buffer; of Node's pool, which many share, it is taken to keep its part. */
function bytesOfBuffer(buffer: ArrayBufferLike, viewBytes: number, walk: Walk): number {
  if (buffer.byteLength === Buffer.poolSize && viewBytes < buffer.byteLength) return viewBytes;
  const before = walk.counted.get(buffer);
  if (before === undefined) {
    walk.counted.set(buffer, { entry: walk.entry, bytes: buffer.byteLength });
    return buffer.byteLength;
  }
  if (before.entry !== walk.entry) {
    walk.sharedBytes += before.bytes;
    before.bytes = 0;
  }
  return 0;
}

function bytesOfArray(array: readonly unknown[], walk: Walk, depth: number): number {
  const { length } = array;
  const bytes = 6 * WORD + length * WORD;
  const indexes = spread(length);
  const children = indexes.map((index) => ownValue(array, index));
  // numbers alone are kept as they are, without an object for each
  if (children.every((child) => typeof child === 'number')) return bytes;
  return bytes + ofAll(children, length, walk, depth);
}

function bytesOfMap(map: ReadonlyMap<unknown, unknown>, walk: Walk, depth: number): number {
  const children: unknown[] = [];
  for (const [key, value] of Map.prototype.entries.call(map)) {
    if (children.length >= 2 * MAX_CHILDREN) break;
    children.push(key, value);
  }
  return 4 * WORD + tableBytes(map.size, 3) + ofAll(children, 2 * map.size, walk, depth);
}

function bytesOfSet(set: ReadonlySet<unknown>, walk: Walk, depth: number): number {
  const children: unknown[] = [];
  for (const value of Set.prototype.values.call(set)) {
    if (children.length >= MAX_CHILDREN) break;
    children.push(value);
  }
  return 4 * WORD + tableBytes(set.size, 2) + ofAll(children, set.size, walk, depth);
}

/** V8's ordered hash table: as many places as the next power of two, and a bucket for each two of them. */
function tableBytes(entries: number, wordsPerEntry: number): number {
  const places = 2 ** Math.ceil(Math.log2(Math.max(4, entries)));
  return WORD * (5 + places * wordsPerEntry + places / 2);
}

function bytesOfProperties(value: object, walk: Walk, depth: number): number {
  const names = Object.keys(value);
  const children = spread(names.length).map((index) => ownValue(value, names[index] ?? ''));
  const content = ofAll(children, names.length, walk, depth);
  if (names.length <= MAX_SHAPE) return OBJECT + names.length * WORD + content;
  const nameBytes = ofAll(
    spread(names.length).map((index) => names[index]),
    names.length,
    walk,
    depth,
  );
  return OBJECT + names.length * DICTIONARY_ENTRY + content + nameBytes;
}

/** Never by reading the property, which may be a getter of the application. */
function ownValue(owner: object, name: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value;
}

function spread(length: number): readonly number[] {
  if (length <= MAX_CHILDREN) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: MAX_CHILDREN }, (_, index) => Math.floor(((index + 0.5) * length) / MAX_CHILDREN));
}

function ofAll(children: readonly unknown[], count: number, walk: Walk, depth: number): number {
  if (children.length === 0) return 0;
  let bytes = 0;
  for (const child of children) bytes += bytesOf(child, walk, depth + 1);
  return (bytes * count) / children.length;
}
