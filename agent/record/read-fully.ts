import { readSync } from 'node:fs';

/** Bytes read: fewer than asked for at the end of the file. */
export function readFully(fd: number, bytes: Uint8Array, position: number): number {
  let total = 0;
  for (;;) {
    const count = readSync(fd, bytes, total, bytes.length - total, position + total);
    if (count === 0) return total;
    total += count;
  }
}
