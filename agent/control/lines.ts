/** Lines out of the pieces in which they come, taken one at a time by whoever has room for one. */
export interface Lines {
  push(bytes: Buffer): void;
  /** The next whole line; undefined: there is none yet. */
  next(): string | undefined;
  /** A line is longer than is allowed: nothing that follows means anything. */
  isBroken(): boolean;
}

const NEWLINE = 10;
const NOTHING: Buffer = Buffer.alloc(0);

export function createLines(maxBytes: number): Lines {
  let pending = NOTHING;
  let isBroken = false;

  return {
    push(bytes) {
      if (!isBroken) pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    },
    next() {
      const end = pending.indexOf(NEWLINE);
      if ((end === -1 ? pending.length : end) > maxBytes) {
        isBroken = true;
        pending = NOTHING;
      }
      if (isBroken || end === -1) return undefined;
      const line = pending.toString('utf8', 0, end);
      pending = pending.subarray(end + 1);
      return line;
    },
    isBroken: () => isBroken,
  };
}
