/**
 * The header block of a ring file: fixed words, the JSON of description.ts, zeros, and a CRC-32 as the last word.
 */
import type { Crc32 } from './crc32.ts';
import { decodeDescription, encodeDescription, type Description } from './description.ts';
import { instanceNonce } from './instance-id.ts';
import {
  createBlock,
  FORMAT_VERSION,
  HEADER,
  JSON_OFFSET_BYTES,
  MAGIC_WORDS,
  MAX_HEADER_BYTES,
  MAX_RECORDS_BYTES,
  PAGE_BYTES,
  recordBytesOf,
  recordsOffsetOf,
  type Block,
  type Nonce,
} from './layout.ts';

export interface RingHeader extends Description {
  readonly formatVersion: number;
  readonly headerBytes: number;
  readonly recordBytes: number;
  /** Records the file has room for. */
  readonly capacity: number;
  readonly nonce: Nonce;
}

/** Beside the JSON: the fixed words before it, the CRC after it. */
const AROUND_JSON_BYTES = JSON_OFFSET_BYTES + 4;
/** `headerBytes` is at least one page, so the fixed words are always inside. */
const word = (words: Uint32Array, index: number): number => words[index] as number;

/**
 * The header block, and the still empty end block: written together, so that an end mark needs no new space on a disk
 * that filled up meanwhile. Throws a RangeError when the file would be larger than a reader accepts.
 */
export function encodeHeader(crc32: Crc32, description: Omit<Description, 'omitted'>, capacity: number): Block {
  const json = encodeDescription(description, MAX_HEADER_BYTES - AROUND_JSON_BYTES);
  const headerBytes = Math.ceil((json.length + AROUND_JSON_BYTES) / PAGE_BYTES) * PAGE_BYTES;
  const recordBytes = recordBytesOf(description.columns.length);
  if (capacity * recordBytes > MAX_RECORDS_BYTES) {
    throw new RangeError(`${capacity} records of ${recordBytes} bytes are more than ${MAX_RECORDS_BYTES} bytes`);
  }
  const block = createBlock(recordsOffsetOf(headerBytes));
  const { words, bytes } = block;
  words.set(MAGIC_WORDS);
  words[HEADER.version] = FORMAT_VERSION;
  words[HEADER.headerBytes] = headerBytes;
  words[HEADER.recordBytes] = recordBytes;
  words[HEADER.capacity] = capacity;
  words.set(instanceNonce(description.identity.serviceInstanceId), HEADER.nonce);
  words[HEADER.jsonBytes] = json.length;
  bytes.set(json, JSON_OFFSET_BYTES);
  const last = headerBytes / 4 - 1;
  words[last] = crc32(words, 0, last);
  return block;
}

/** `byteLength`: how much of the block was read. The reason completes "it …". */
export function decodeHeader(crc32: Crc32, block: Block, byteLength: number): RingHeader | { readonly reason: string } {
  const { words, bytes } = block;
  if (byteLength < PAGE_BYTES) return { reason: `is too short for a header (${byteLength} bytes)` };
  if (words[0] !== MAGIC_WORDS[0] || words[1] !== MAGIC_WORDS[1]) return { reason: 'does not begin like one' };
  const formatVersion = word(words, HEADER.version);
  if (formatVersion !== FORMAT_VERSION) {
    return { reason: `has format version ${formatVersion}, this Plimsoll reads version ${FORMAT_VERSION}` };
  }
  const headerBytes = word(words, HEADER.headerBytes);
  const jsonBytes = word(words, HEADER.jsonBytes);
  const damaged = { reason: 'has a damaged header' };
  if (headerBytes > byteLength || headerBytes % PAGE_BYTES !== 0 || jsonBytes > headerBytes - AROUND_JSON_BYTES) {
    return damaged;
  }
  const last = headerBytes / 4 - 1;
  if (words[last] !== crc32(words, 0, last)) return damaged;
  const json = Buffer.from(bytes.buffer, JSON_OFFSET_BYTES, jsonBytes).toString();
  const description = decodeDescription(json);
  if (description === undefined) return damaged;

  const recordBytes = word(words, HEADER.recordBytes);
  const capacity = word(words, HEADER.capacity);
  if (recordBytes !== recordBytesOf(description.columns.length) || capacity * recordBytes > MAX_RECORDS_BYTES) {
    return damaged;
  }
  const nonce: Nonce = [word(words, HEADER.nonce), word(words, HEADER.nonce + 1)];
  return { ...description, formatVersion, headerBytes, recordBytes, capacity, nonce };
}
