/** What an application may say about its pressure cache, and what of it holds. */

/** As many entries, and as many bytes on disk where there is a disk tier. */
const SIZES = {
  development: { entries: 100, diskBytes: 50e6 },
  staging: { entries: 500, diskBytes: 200e6 },
  production: { entries: 2000, diskBytes: 1000e6 },
  constrained: { entries: 200, diskBytes: 100e6 },
} as const;
export type CacheSize = keyof typeof SIZES;

/** For who says neither `maxEntries` nor `size`, or says nonsense: the one that does least harm. */
const FALLBACK: CacheSize = 'development';
/** A Map holds no more. */
const MOST_ENTRIES = 2 ** 24;

export interface DiskOptions {
  /** Folder; each cache has one of its own in it. Processes may share it. */
  readonly path: string;
  /** Bytes on disk; default by `size`, without it 50 MB. */
  readonly maxBytes?: number;
}

export interface PressureCacheOptions {
  /** In metrics and events; while a cache of this name is open, asking for it again returns that one. */
  readonly name: string;
  /** Most entries in memory; default by `size`, without it 100. */
  readonly maxEntries?: number;
  readonly size?: CacheSize;
  /** Most bytes in memory, as `sizeOf` counts or as estimated; default: only entries are counted. */
  readonly maxBytes?: number;
  /** Bytes a value holds in memory. Default: estimated. */
  readonly sizeOf?: (value: unknown, key: string) => number;
  /** An entry older than this is gone. Default: entries do not age. */
  readonly ttlMs?: number;
  /** false: it keeps its size under pressure. */
  readonly pressure?: boolean;
}

/** What holds, after nonsense has been told and replaced. */
export interface CacheSettings {
  readonly name: string;
  readonly maxEntries: number;
  readonly maxBytes: number | undefined;
  readonly sizeOf: ((value: unknown, key: string) => number) | undefined;
  readonly ttlMs: number | undefined;
  readonly adapts: boolean;
  readonly disk: { readonly path: string; readonly maxBytes: number } | undefined;
}

export function readCacheOptions(
  options: PressureCacheOptions & { readonly disk?: DiskOptions | undefined },
  say: (message: string) => void,
): CacheSettings {
  const { size, disk } = options;
  const isSize = size === undefined || Object.hasOwn(SIZES, size);
  if (!isSize) say(`size is ${size}, must be one of ${Object.keys(SIZES).join(', ')}. Using ${FALLBACK}`);
  const named = SIZES[isSize && size !== undefined ? size : FALLBACK];

  function whole(option: string, value: unknown, most: number): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
    say(
      `${option} is ${JSON.stringify(value)}, must be a whole number from 1 to ${most}. It is as if it were not given`,
    );
    return undefined;
  }

  if (typeof options.name !== 'string' || options.name === '') say('name must be a text. Using unnamed');
  if (options.maxEntries === undefined && size === undefined)
    say(`neither maxEntries nor size is given. Using ${FALLBACK}`);
  const diskPath = typeof disk?.path === 'string' && disk.path !== '' ? disk.path : undefined;
  if (disk !== undefined && diskPath === undefined) say('disk.path must be a path. There is no disk tier');
  return {
    name: typeof options.name === 'string' && options.name !== '' ? options.name : 'unnamed',
    maxEntries: whole('maxEntries', options.maxEntries, MOST_ENTRIES) ?? named.entries,
    maxBytes: whole('maxBytes', options.maxBytes, Number.MAX_SAFE_INTEGER),
    sizeOf: typeof options.sizeOf === 'function' ? options.sizeOf : undefined,
    ttlMs: whole('ttlMs', options.ttlMs, Number.MAX_SAFE_INTEGER),
    adapts: options.pressure !== false,
    disk:
      diskPath === undefined
        ? undefined
        : {
            path: diskPath,
            maxBytes: whole('disk.maxBytes', disk?.maxBytes, Number.MAX_SAFE_INTEGER) ?? named.diskBytes,
          },
  };
}
