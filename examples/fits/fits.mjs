/** As much of FITS as the example needs: an image of 16-bit pixels, its header read, and a sparse one made. */
import { open } from 'node:fs/promises';

/** Header and data come in blocks of this size; a card of the header has 80 characters (FITS standard 4.0, section 3). */
const BLOCK_BYTES = 2880;
const CARD_BYTES = 80;
export const PIXEL_BYTES = 2;

export const COLUMNS = 50_000;
/** Every so many rows one is not all zeros, and so takes room on the disk. */
export const MARKED_ROWS = 10_000;

/** Pixel of a marked row. */
export const pixelAt = (column) => (column % 2000) - 500;

/** 50 000 rows are 5 GB. */
export async function makeSparseImage(path, rows) {
  const cards = ['SIMPLE  =                    T', card('BITPIX', 16), card('NAXIS', 2)];
  cards.push(card('NAXIS1', COLUMNS), card('NAXIS2', rows), 'END');
  const header = cards.map((text) => text.padEnd(CARD_BYTES)).join('');
  const row = Buffer.alloc(COLUMNS * PIXEL_BYTES);
  for (let column = 0; column < COLUMNS; column++) row.writeInt16BE(pixelAt(column), column * PIXEL_BYTES);
  const dataBytes = rows * row.length;
  const file = await open(path, 'w');
  await file.write(header.padEnd(BLOCK_BYTES));
  for (let y = 0; y < rows; y += MARKED_ROWS) await file.write(row, 0, row.length, BLOCK_BYTES + y * row.length);
  await file.truncate(BLOCK_BYTES + Math.ceil(dataBytes / BLOCK_BYTES) * BLOCK_BYTES);
  await file.close();
}

/** Where the pixels are. */
export async function readHeader(path) {
  const file = await open(path);
  try {
    const values = {};
    for (let at = 0; ; at += BLOCK_BYTES) {
      const { buffer } = await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, at);
      if (readCards(buffer.toString('latin1'), values)) return imageOf(values, at + BLOCK_BYTES);
    }
  } finally {
    await file.close();
  }
}

/** Whether the header ends in this block. */
function readCards(block, values) {
  for (let i = 0; i < BLOCK_BYTES; i += CARD_BYTES) {
    const text = block.slice(i, i + CARD_BYTES);
    if (/^END *$/.test(text)) return true;
    const [, name, value] = /^(\w+) *= *(\S+)/.exec(text) ?? [];
    if (name !== undefined) values[name] = value;
  }
  return false;
}

function imageOf({ BITPIX, NAXIS1, NAXIS2 }, offset) {
  if (BITPIX !== '16') throw new Error(`BITPIX is ${BITPIX}, must be 16`);
  return { offset, bytes: Number(NAXIS1) * Number(NAXIS2) * PIXEL_BYTES };
}

function card(name, value) {
  return `${name.padEnd(8)}= ${String(value).padStart(20)}`;
}

export const NO_PIXELS = { pixels: 0, sum: 0, min: Infinity, max: -Infinity };

/** Of whole pixels; their bytes are swapped in place. */
export function statisticsOf(bytes) {
  bytes.swap16(); // FITS is big-endian
  const pixels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / PIXEL_BYTES);
  let { sum, min, max } = NO_PIXELS;
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i];
    sum += pixel;
    if (pixel < min) min = pixel;
    if (pixel > max) max = pixel;
  }
  return { pixels: pixels.length, sum, min, max };
}

export function together(a, b) {
  return {
    pixels: a.pixels + b.pixels,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}
