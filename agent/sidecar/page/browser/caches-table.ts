/** Caches, as a process's view lists them. */
import type { ApiCache } from '../../api/types.ts';
import { h, liveText } from './dom.ts';
import { bytes, count, percent, UNKNOWN } from './format.ts';
import { createTable, textColumn, type Table } from './table.ts';
import { cacheAddress } from './view.ts';

export interface CachesTableOptions {
  readonly caption: string;
  /** Whether each says whose it is. */
  readonly isNamed: boolean;
}

export function cachesTable({ caption, isNamed }: CachesTableOptions): Table<ApiCache> {
  return createTable<ApiCache>({
    caption,
    keyOf: ({ instance, name }) => `${instance}/${name}`,
    givenOrder: 'largest first',
    columns: [
      {
        id: 'cache',
        title: 'Cache',
        sortBy: ({ name }) => name,
        cell() {
          const name = liveText();
          const anchor = h('a', {}, name.node);
          return {
            content: anchor,
            update(cache) {
              name.set(cache.name);
              const address = cacheAddress(cache.instance, cache.name);
              if (anchor.getAttribute('href') !== address) anchor.href = address;
            },
          };
        },
      },
      ...(isNamed
        ? [textColumn<ApiCache>('Process', ({ process }) => process, { sortBy: ({ process }) => process })]
        : []),
      textColumn('Library', ({ library }) => library, { sortBy: ({ library }) => library }),
      textColumn('Holds', (cache) => sizeOf(cache), { isNumber: true, sortBy: (cache) => cache.bytes }),
      textColumn('Entries', ({ entries }) => count(entries), { isNumber: true, sortBy: ({ entries }) => entries }),
      textColumn('Hits', (cache) => percent(hitRatio(cache)), {
        isNumber: true,
        sortBy: (cache) => hitRatio(cache) ?? -1,
      }),
      textColumn('Cap', (cache) => capOf(cache) ?? UNKNOWN, {
        isNumber: true,
      }),
      textColumn('Priority', ({ priority }) => priority),
    ],
  });
}

/** What was looked at entry by entry is an estimate, and says so. */
export function sizeOf(cache: ApiCache): string {
  return `${cache.sizeSource === 'sampled' ? '≈ ' : ''}${bytes(cache.bytes)}`;
}

/** What it may not hold more than, until the pressure is over. */
export function capOf({ capEntries }: ApiCache): string | undefined {
  return capEntries === null ? undefined : `${count(capEntries)} entries`;
}

/** null: nothing was asked of it, or it does not count. */
export function hitRatio({ counts: { hit, miss } }: ApiCache): number | null {
  return hit === null || miss === null || hit + miss === 0 ? null : hit / (hit + miss);
}
