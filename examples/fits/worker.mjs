/** Reads its part of the file into a buffer that it keeps: nothing is left to the garbage collector. */
import { open } from 'node:fs/promises';

import { statisticsOf } from './fits.mjs';

let buffer = Buffer.alloc(0);

export default async function statisticsOfPart({ path, position, length }) {
  if (buffer.length < length) buffer = Buffer.alloc(length);
  const part = buffer.subarray(0, length);
  const file = await open(path);
  try {
    for (let filled = 0; filled < length;) {
      const { bytesRead } = await file.read(part, filled, length - filled, position + filled);
      if (bytesRead === 0) throw new Error(`${path} ends at ${position + filled}`);
      filled += bytesRead;
    }
  } finally {
    await file.close();
  }
  return statisticsOf(part);
}
