/** Which modules are taken for a cache library's, by where they lie and what they export. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { libraryOf, prototypesIn } from '../../../instrumentation/discovery/libraries.ts';

test('a module is known by the package it lies in, whatever installed it', () => {
  const stories: readonly (readonly [string, string | undefined])[] = [
    ['/app/node_modules/lru-cache/dist/commonjs/index.min.js', 'lru-cache'],
    ['file:///app/node_modules/lru-cache/dist/esm/node/index.min.js', 'lru-cache'],
    ['file:///app/node_modules/lru-cache/dist/esm/index.js?version=1', 'lru-cache'],
    ['/app/node_modules/.pnpm/lru-cache@10.4.3/node_modules/lru-cache/dist/commonjs/index.js', 'lru-cache'],
    ['/app/.yarn/cache/keyv-npm-5.6.0-1a2b.zip/node_modules/keyv/dist/index.cjs', 'keyv'],
    ['C:\\app\\node_modules\\quick-lru\\index.js', 'quick-lru'],
    ['/app/node_modules/cache-manager/node_modules/keyv/dist/index.cjs', 'keyv'],
    ['/app/node_modules/lru-cache-10/dist/commonjs/index.js', 'lru-cache'],
    ['/app/node_modules/lru-cache-v11.2/dist/commonjs/index.js', 'lru-cache'],
    ['/app/node_modules/keyv5/dist/index.cjs', 'keyv'],
    ['/app/node_modules/node-cache/lib/node_cache.js', 'node-cache'],
    ['/app/node_modules/cacheable/dist/index.mjs', 'cacheable'],
    ['C:\\app\\node_modules\\@cacheable\\memory\\dist\\index.cjs', '@cacheable/memory'],
    ['/app/node_modules/keyv/node_modules/json-buffer/index.js', undefined],
    ['/app/node_modules/keyv-file/index.js', undefined],
    ['/app/node_modules/cacheable-request/dist/index.js', undefined],
    ['/app/node_modules/@types/lru-cache/index.d.ts', undefined],
    ['/app/src/lru-cache/index.js', undefined],
    ['node:fs', undefined],
    ['/app/node_modules/lru-cache', undefined],
  ];
  for (const [location, name] of stories) assert.equal(libraryOf(location)?.name, name, location);
});

test('a class is taken by its methods: as the module itself, as default, by its name, and not another that is exported too', () => {
  const library = libraryOf('/node_modules/keyv/index.js');
  assert.ok(library);
  class Keyv {
    set(): void {}
    get(): void {}
    clear(): void {}
    disconnect(): void {}
  }
  class Adapter {
    set(): void {}
    get(): void {}
  }
  class SubclassOfTheApplication extends Keyv {}

  for (const exports of [Keyv, { default: Keyv }, { Keyv }]) {
    assert.deepEqual(prototypesIn(exports, library), [Keyv.prototype]);
  }
  for (const exports of [
    undefined,
    null,
    'text',
    {},
    { Adapter },
    { Keyv: Adapter },
    { default: SubclassOfTheApplication },
  ]) {
    assert.deepEqual(prototypesIn(exports, library), []);
  }
});
