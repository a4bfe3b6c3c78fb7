/** A stream that hands on what it gets as fast as the process has room for it; its own backpressure slows whoever writes. */
import type { Transform } from 'node:stream';

import { waitForHeadroom, type HeadroomOptions } from './headroom.ts';

export interface HeadroomTransformOptions extends HeadroomOptions {
  /** Bytes that a chunk will need further down; default its own length, of an object 1: it waits while the level is `high`. */
  readonly bytesOf?: (chunk: unknown) => number;
  /** Chunks are objects; default false. */
  readonly objectMode?: boolean;
}

export function headroomTransform(options: HeadroomTransformOptions = {}): Transform {
  const { bytesOf = lengthOf, objectMode = false, signal, timeoutMs } = options;
  const ended = new AbortController();
  const wait = { signal: ended.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const stream = process.getBuiltinModule('node:stream');
  return new stream.Transform({
    objectMode,
    ...(signal === undefined ? {} : { signal }),
    transform(chunk: unknown, _encoding, callback) {
      // what a reader throws must not become the rejection of a promise
      const then = (error: Error | null): void => process.nextTick(callback, error, chunk);
      let bytes = 0;
      try {
        bytes = bytesOf(chunk);
      } catch (error) {
        return callback(error as Error);
      }
      waitForHeadroom(bytes, wait).then(() => then(null), then);
    },
    destroy(error, callback) {
      ended.abort();
      callback(error);
    },
  });
}

function lengthOf(chunk: unknown): number {
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1;
}
