/** The modules of cache libraries that this process has loaded, each told once. */
import Module from 'node:module';
import { compileFunction, constants } from 'node:vm';

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
  /** Addresses that names were resolved to in ES modules; grows. */
  readonly importedUrls: ReadonlySet<string>;
  onPrototype(prototype: object, library: Library): void;
}

export function followLoaded({ importedUrls, onPrototype }: LoadedLibrariesParts): LoadedLibraries {
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

  function lookAtImported(): void {
    for (const url of importedUrls) {
      const library = libraryOf(url);
      if (library === undefined || imported.has(url)) continue;
      imported.add(url);
      importAgain(url).then(
        (exports) => tell(exports, library),
        () => {}, // it failed in the application too
      );
    }
  }

  return {
    look() {
      if (required !== undefined) lookAtRequired(required);
      lookAtImported();
    },
  };
}

/** Of what is loaded, the same module. Not an `import()` of this text's own: the bundle is CommonJS, where it becomes `require`. */
async function importAgain(url: string): Promise<unknown> {
  const load = compileFunction('return import(url)', ['url'], {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (url: string) => Promise<unknown>;
  return await load(url);
}
