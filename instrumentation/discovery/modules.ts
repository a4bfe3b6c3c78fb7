/** The modules of cache libraries that this process has loaded, each told once. */
import Module from 'node:module';

import type { ImportedModules } from './imports.ts';
import { libraryOf, prototypesIn, type Library } from './libraries.ts';

/** What `require` keeps its modules in, known to applications as `require.cache`. */
const { _cache: required } = Module as unknown as {
  readonly _cache?: Readonly<Record<string, { readonly loaded?: boolean; readonly exports?: unknown } | undefined>>;
};

export interface LoadedLibraries {
  /** Tells of what was loaded since it was called last: of what was required at once, of what was imported in a later turn. */
  look(): void;
}

export interface LoadedLibrariesParts {
  /** undefined: imports are not followed. */
  readonly imports: ImportedModules | undefined;
  onPrototype(prototype: object, library: Library): void;
}

export function followLoaded({ imports, onPrototype }: LoadedLibrariesParts): LoadedLibraries {
  const imported = new Set<string>();
  /** Of the table's keys, which come in the order of their loading. */
  let lookedAt = 0;

  function tell(exports: unknown, library: Library): void {
    for (const prototype of prototypesIn(exports, library)) onPrototype(prototype, library);
  }

  function lookAtRequired(table: NonNullable<typeof required>): void {
    const paths = Object.keys(table);
    // an application that takes modules out, to load them again
    if (paths.length < lookedAt) lookedAt = 0;
    for (const path of paths.slice(lookedAt)) {
      const library = libraryOf(path);
      const module = library === undefined ? undefined : table[path];
      if (library !== undefined && module?.loaded === true) tell(module.exports, library);
    }
    lookedAt = paths.length;
  }

  function lookAtImported({ urls, load }: ImportedModules): void {
    for (const url of urls) {
      const library = libraryOf(url);
      if (library === undefined || imported.has(url)) continue;
      imported.add(url);
      load(url).then(
        (exports) => tell(exports, library),
        () => {}, // it failed in the application too
      );
    }
  }

  return {
    look() {
      if (required !== undefined) lookAtRequired(required);
      if (imports !== undefined) lookAtImported(imports);
    },
  };
}
