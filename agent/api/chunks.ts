/** A source in chunks whose size is an adaptive value: same content, same order, whatever the sizes are. */
import type { AdaptiveOptions } from '../model/adaptive.ts';
import { findAgent } from '../model/handle.ts';
import { createByteStore, type Bytes } from './byte-store.ts';

export interface AdaptiveChunksOptions extends AdaptiveOptions {
  /** What `initial` and `min` count. `bytes`: the source is bytes, or strings, which are taken as UTF-8. */
  readonly by: 'items' | 'bytes';
  /** Of the adaptive value; default `chunks`. */
  readonly name?: string;
}

type Source<T> = Iterable<T> | AsyncIterable<T>;
export type ByteSource = Bytes | Source<Bytes>;

/** What came and was not handed on yet. */
export interface Store<T, C> {
  add(piece: T): void;
  /** Nothing more will come. */
  end(): void;
  length(): number;
  take(count: number): C;
}

export function chunksOfBytes(source: ByteSource, options: AdaptiveChunksOptions): AsyncGenerator<Buffer, void> {
  const isOnePiece = typeof source === 'string' || ArrayBuffer.isView(source) || source instanceof ArrayBuffer;
  return chunksOf(isOnePiece ? [source] : source, createByteStore(), options);
}

export function chunksOfItems<T>(source: Source<T>, options: AdaptiveChunksOptions): AsyncGenerator<T[], void> {
  let items: T[] = [];
  return chunksOf<T, T[]>(
    source,
    {
      add: (item) => items.push(item),
      end() {},
      length: () => items.length,
      take(count) {
        if (count < items.length) return items.splice(0, count);
        const all = items;
        items = [];
        return all;
      },
    },
    options,
  );
}

/** Source is closed when its reader stops early; when it fails, what came before is handed on before the failure. */
async function* chunksOf<T, C>(
  source: Source<T>,
  store: Store<T, C>,
  { name = 'chunks', ...options }: AdaptiveChunksOptions,
): AsyncGenerator<C, void> {
  const adaptive = findAgent()?.adaptive(name, options);
  /** Never 0: that would be chunks without end. */
  const size = (): number => Math.max(1, Math.floor(adaptive?.value ?? options.initial) || 1);
  const read = reader(source);
  let failure: { readonly error: unknown } | undefined;
  try {
    for (;;) {
      const step = await read.next();
      if (step.kind === 'failed') failure = step;
      if (step.kind !== 'piece') break;
      store.add(step.piece);
      while (store.length() >= size()) yield store.take(size());
    }
    store.end();
    while (store.length() > 0) yield store.take(Math.min(size(), store.length()));
    if (failure !== undefined) throw failure.error;
  } finally {
    adaptive?.dispose();
    await read.close();
  }
}

type Step<T> =
  | { readonly kind: 'piece'; readonly piece: T }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly error: unknown };

interface Reader<T> {
  next(): Step<T> | Promise<Step<T>>;
  close(): Promise<void>;
}

function reader<T>(source: Source<T>): Reader<T> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let isOpen = true;
  return {
    async next() {
      try {
        const { done, value } = await iterator.next();
        if (done !== true) return { kind: 'piece', piece: value };
        isOpen = false;
        return { kind: 'end' };
      } catch (error) {
        isOpen = false;
        return { kind: 'failed', error };
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await iterator.return?.();
    },
  };
}
