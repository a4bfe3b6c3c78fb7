/** As instrumentations patch: `require`, `process.getBuiltinModule`, and the functions of node:fs, which remember what they wrap. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import Module from 'node:module';
import test from 'node:test';

import { untracedBuiltin } from '../../agent/untraced.ts';

test('asking for a module is not seen by whoever patched the ways to ask', () => {
  const { require } = Module.prototype;
  const { getBuiltinModule } = process;
  const seen: string[] = [];
  Module.prototype.require = Object.assign((id: string) => seen.push(id), require) as typeof require;
  process.getBuiltinModule = ((id: string) => seen.push(id)) as unknown as typeof getBuiltinModule;
  let http: unknown;
  try {
    http = untracedBuiltin('node:http');
  } finally {
    Module.prototype.require = require;
    process.getBuiltinModule = getBuiltinModule;
  }
  assert.deepEqual(seen, []);
  assert.ok(http === process.getBuiltinModule('node:http'));
});

test('functions of node:fs are those below every wrapper, and no later wrapper is seen', () => {
  const { readFileSync, statSync } = fs;
  const seen: string[] = [];
  const wrapper = Object.assign(() => seen.push('readFileSync'), { __original: readFileSync });
  Object.assign(fs, { readFileSync: wrapper });
  let untraced: typeof fs;
  try {
    untraced = untracedBuiltin('node:fs') as typeof fs;
    Object.assign(fs, { statSync: () => seen.push('statSync') });
    assert.ok(untraced.readFileSync(import.meta.filename, 'utf8').startsWith('/** As instrumentations'));
    assert.ok(untraced.statSync(import.meta.filename).isFile());
  } finally {
    Object.assign(fs, { readFileSync, statSync });
  }
  assert.deepEqual(seen, []);
  assert.ok(untraced.constants === fs.constants, 'what is no function is there too');
});
