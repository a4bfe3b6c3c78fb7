/** Fills the page cache: writes a file of the given size, and reads it again and again. Arguments: path, MB. */
import { open } from 'node:fs/promises';

const [path, megabytes] = process.argv.slice(2);
const piece = Buffer.alloc(1_000_000, 1);

const file = await open(path, 'w+');
for (let written = 0; written < Number(megabytes); written++) await file.write(piece, 0, piece.length);
await file.sync();
for (;;) {
  for (let read = 0; read < Number(megabytes); read++) await file.read(piece, 0, piece.length, read * piece.length);
}
