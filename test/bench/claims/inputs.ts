/** Files of rows, made once for a run of the benchmark and taken away with it. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As a catalogue of measurements has them: 200 bytes, numbers and a text. */
const ROW_BYTES = 200;
const BLOCK_ROWS = 20_000;

export interface Inputs {
  make(name: string, bytes: number): string;
  remove(): void;
}

export function createInputs(): Inputs {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-claims-'));
  return {
    make(name, bytes) {
      const file = join(folder, name);
      const descriptor = openSync(file, 'w');
      for (let row = 0; row * ROW_BYTES < bytes; row += BLOCK_ROWS) writeSync(descriptor, block(row));
      closeSync(descriptor);
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function block(from: number): string {
  const rows = Array.from({ length: BLOCK_ROWS }, (_, index) => {
    const id = from + index;
    return `${`${id},${2_450_000 + id},${(id * 7_919) % 10_007},star ${id} `.padEnd(ROW_BYTES - 1, 'x')}\n`;
  });
  return rows.join('');
}
