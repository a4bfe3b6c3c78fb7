/**
 * Which modules of cache libraries ES modules import, from the preload on: what is imported can be seen by a hook only, where what is
 * required stays in Node's own table. The hook changes nothing: it notes the address that a name was resolved to. With it, a module
 * that an ES-module application requires costs 10 µs more, so that it is there only while a process uses ES modules at all: Node.js
 * tells on a diagnostics channel of each `import()`, its own of the entry included.
 */
import Module, { type ModuleHooks, type ResolveHookContext, type ResolveHookSync } from 'node:module';

import { libraryOf } from './libraries.ts';

const IMPORT_STARTS = 'tracing:module.import:start';
/** A build tool that imports its modules again and again, each time under another address. */
const MAX_URLS = 200;

export interface ImportedModules {
  /** Addresses of modules of cache libraries that ES modules import; grows. */
  readonly urls: ReadonlySet<string>;
  /** Of what is loaded already, the same module. */
  load(url: string): Promise<unknown>;
}

export interface FollowedImports extends ImportedModules {
  stop(): void;
}

export function followImports(): FollowedImports {
  const channels = process.getBuiltinModule('node:diagnostics_channel');
  const urls = new Set<string>();
  let hooks: ModuleHooks | undefined;
  let isImporting = false;

  function begin(): void {
    channels.unsubscribe(IMPORT_STARTS, begin);
    hooks ??= Module.registerHooks({ resolve });
  }

  function end(): void {
    hooks?.deregister();
    hooks = undefined;
  }

  const resolve: ResolveHookSync = (specifier, context, next) => {
    const resolved = next(specifier, context);
    try {
      note(context, resolved.url);
    } catch {} // it would end the application
    return resolved;
  };

  function note({ conditions, parentURL }: ResolveHookContext, url: string): void {
    // a Set in Node.js 22.15, where it is `require` that asks
    if ([...conditions].includes('require')) {
      if (!isImporting) wait();
      return;
    }
    // under --import the entry is imported, a CommonJS one too
    if (parentURL !== undefined) isImporting = true;
    if (urls.size < MAX_URLS && libraryOf(url) !== undefined) urls.add(url);
  }

  function wait(): void {
    end();
    channels.subscribe(IMPORT_STARTS, begin);
  }

  wait();
  return {
    urls,
    // here, in a module that Node.js loaded: the agent's own text has no loader without a warning
    load: async (url) => (await import(url)) as unknown,
    stop() {
      channels.unsubscribe(IMPORT_STARTS, begin);
      end();
    },
  };
}
