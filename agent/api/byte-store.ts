/** Bytes in the order in which they came, cut anywhere; copied only where a cut joins two pieces. */
import type { Store } from './chunks.ts';

export type Bytes = string | ArrayBufferView | ArrayBuffer;

export function createByteStore(): Store<Bytes, Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  /** First half of a character whose second half is in the next string. */
  let half = '';

  function push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    pieces.push(bytes);
    length += bytes.length;
  }

  function pushText(text: string): void {
    const whole = half + text;
    half = /[\uD800-\uDBFF]$/.exec(whole)?.[0] ?? '';
    push(Buffer.from(whole.slice(0, whole.length - half.length)));
  }

  function flushHalf(): void {
    push(Buffer.from(half));
    half = '';
  }

  return {
    add(piece) {
      if (typeof piece === 'string') return pushText(piece);
      flushHalf();
      if (ArrayBuffer.isView(piece)) return push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      if (piece instanceof ArrayBuffer) return push(Buffer.from(piece));
      throw new TypeError(`adaptiveChunks by bytes was given ${typeof piece}, must be bytes or strings`);
    },
    end: flushHalf,
    length: () => length,
    take(count) {
      length -= count;
      const [first] = pieces;
      if (first !== undefined && first.length > count) {
        pieces[0] = first.subarray(count);
        return first.subarray(0, count);
      }
      let used = 0;
      let gathered = 0;
      while (gathered < count) gathered += pieces[used++]?.length ?? count;
      const taken = pieces.splice(0, used);
      const surplus = gathered - count;
      const last = taken.at(-1);
      if (surplus > 0 && last !== undefined) {
        pieces = [last.subarray(last.length - surplus), ...pieces];
        taken[used - 1] = last.subarray(0, last.length - surplus);
      }
      return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken, count);
    },
  };
}
