/**
 * CRC-32 (the one of zlib, gzip and PNG) over 32-bit words. `node:zlib` has it natively, but loading zlib costs the
 * application 2–3 ms and 1.8 MB; this costs one 4 kB table and 2 µs for a record.
 */
export type Crc32 = (words: Uint32Array, from: number, to: number) => number;

/** What each `createCrc32` holds. */
export const CRC_TABLE_BYTES = 4 * 4 * 256;
/** The reflected polynomial of ISO 3309. */
const POLYNOMIAL = 0xedb88320;

/**
 * Slicing by four: one table look-up per byte, but a whole word per turn, since a record is written once a second and
 * so runs in the interpreter for its first minute (`node test/bench/record.ts`).
 */
export function createCrc32(): Crc32 {
  const table = createTable();
  // the assertions hold: every index is masked to the table's size, and `to` is inside the words
  return (words, from, to) => {
    let crc = -1;
    for (let index = from; index < to; index++) {
      const word = crc ^ (words[index] as number);
      crc =
        (table[768 + (word & 255)] as number) ^
        (table[512 + ((word >>> 8) & 255)] as number) ^
        (table[256 + ((word >>> 16) & 255)] as number) ^
        (table[word >>> 24] as number);
    }
    return ~crc >>> 0;
  };
}

function createTable(): Int32Array {
  const table = new Int32Array(CRC_TABLE_BYTES / 4);
  // the table is linear, so a byte's entry is that of its lowest bit combined with that of the others: 255 steps, not 2048
  let value = 1;
  for (let bit = 128; bit > 0; bit >>= 1) {
    value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    for (let rest = 0; rest < 256; rest += 2 * bit) table[bit + rest] = value ^ (table[rest] as number);
  }
  for (let index = 256; index < table.length; index++) {
    const shorter = table[index - 256] as number;
    table[index] = (table[shorter & 255] as number) ^ (shorter >>> 8);
  }
  return table;
}
