/** The cache libraries that are found without the application's help: where their modules lie, and which classes in them are caches. */

export interface Library {
  /** As it is called on npm; what the cache is registered under. */
  readonly name: string;
  /** Under these names it exports its classes, beside the module itself and `default`. */
  readonly exported: readonly string[];
  /** A class whose prototype has all of these is one of its caches. */
  readonly marks: readonly string[];
  /** Called on an instance by way of its prototype when something is put into it, and when something is read. */
  readonly puts: string;
  readonly reads: string;
}

const LIBRARIES: readonly Library[] = [
  // before version 7 it has no purgeStale, and no adapter
  { name: 'lru-cache', exported: ['LRUCache'], marks: ['set', 'get', 'purgeStale'], puts: 'set', reads: 'get' },
  { name: 'quick-lru', exported: [], marks: ['set', 'get', 'peek', 'clear'], puts: 'set', reads: 'get' },
  // its public methods are bound in the constructor: an instance made before is seen only by what these call
  {
    name: 'node-cache',
    exported: [],
    marks: ['set', 'get', 'flushAll', '_unwrap', '_getKeyLength'],
    puts: '_getKeyLength',
    reads: '_unwrap',
  },
  { name: 'keyv', exported: ['Keyv'], marks: ['set', 'get', 'clear', 'disconnect'], puts: 'set', reads: 'get' },
  {
    name: '@cacheable/memory',
    exported: ['CacheableMemory'],
    marks: ['set', 'get', 'getStore'],
    puts: 'set',
    reads: 'get',
  },
  { name: 'cacheable', exported: ['Cacheable'], marks: ['set', 'get', 'setPrimary'], puts: 'set', reads: 'get' },
];

/** A path or a URL of a module of theirs, in a package that may be named for its version as well (`lru-cache-10`, `keyv5`). */
const MODULE =
  /[\\/]node_modules[\\/](lru-cache|quick-lru|node-cache|keyv|cacheable|@cacheable[\\/]memory)(?:-?v?\d[\d.]*)?(?!.*[\\/]node_modules[\\/])[\\/]/;

export function libraryOf(location: string): Library | undefined {
  const name = MODULE.exec(location)?.[1]?.replace('\\', '/');
  return name === undefined ? undefined : LIBRARIES.find((library) => library.name === name);
}

/** The prototypes of the caches that a module of the library exports. */
export function prototypesIn(exports: unknown, library: Library): readonly object[] {
  const candidates = [exports, ...['default', ...library.exported].map((name) => property(exports, name))];
  return candidates
    .map((candidate) => (typeof candidate === 'function' ? property(candidate, 'prototype') : undefined))
    .filter((prototype): prototype is object => typeof prototype === 'object' && prototype !== null)
    .filter((prototype) => library.marks.every((mark) => Object.hasOwn(prototype, mark)));
}

function property(owner: unknown, name: string): unknown {
  const hasProperties = (typeof owner === 'object' && owner !== null) || typeof owner === 'function';
  return hasProperties ? Reflect.get(owner, name) : undefined;
}
