import assert from 'node:assert/strict';
import { test } from 'node:test';

import { childEnvironment, withPreload } from '../../../agent/cli/run-environment.ts';

const PRELOAD = '/opt/plimsoll/register.cjs';

test('the preload stands before what NODE_OPTIONS holds already', () => {
  assert.equal(withPreload(undefined, PRELOAD), `--require ${PRELOAD}`);
  assert.equal(withPreload(' ', PRELOAD), `--require ${PRELOAD}`);
  assert.equal(withPreload('--max-old-space-size=64', PRELOAD), `--require ${PRELOAD} --max-old-space-size=64`);
});

test('a path with spaces, quotes or backslashes is quoted as NODE_OPTIONS wants it', () => {
  assert.equal(withPreload('', '/a b/register.cjs'), '--require "/a b/register.cjs"');
  assert.equal(withPreload('', String.raw`C:\a b"c\r.cjs`), String.raw`--require "C:\\a b\"c\\r.cjs"`);
});

test('nothing is preloaded twice, however it was written', () => {
  const spaced = '/a b/register.cjs';
  for (const [existing, path] of [
    [`--require ${PRELOAD}`, PRELOAD],
    [`-r ${PRELOAD} --no-warnings`, PRELOAD],
    [`--require=${PRELOAD}`, PRELOAD],
    ['--import plimsoll/register', PRELOAD],
    ['--require "/a b/register.cjs"', spaced],
  ] as const) {
    assert.equal(withPreload(existing, path), existing);
  }
  assert.notEqual(withPreload('--require /other/register.cjs', PRELOAD), '--require /other/register.cjs');
});

test('flags win over variables, and everything else passes through', () => {
  const env = childEnvironment(
    { HOME: '/root', PLIMSOLL_MODE: 'protect', PLIMSOLL_DIR: '/a' },
    { preloadPath: PRELOAD, directory: '/b', options: { PLIMSOLL_MODE: 'observe' } },
  );
  assert.deepEqual(env, {
    HOME: '/root',
    PLIMSOLL_MODE: 'observe',
    PLIMSOLL_DIR: '/b',
    NODE_OPTIONS: `--require ${PRELOAD}`,
  });
});
