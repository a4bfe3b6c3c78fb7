/** What is imported by a name of its own costs only those who import it. Needs a build. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

const DIST = resolve(import.meta.dirname, '../../dist');

function inputsOf(bundle: string): readonly string[] {
  const { inputs } = JSON.parse(readFileSync(join(DIST, `${bundle}.meta.json`), 'utf8')) as { inputs: object };
  return Object.keys(inputs);
}

test('the preload carries nothing of plimsoll/cache and plimsoll/http', () => {
  const carried = inputsOf('agent').filter((file) =>
    /pressure-cache|exporters\/mounted|node_modules\/lru-cache/.test(file),
  );
  assert.deepEqual(carried, []);
});

test('the lru-cache inside plimsoll/cache tells nobody of its calls: the cache is registered already', () => {
  assert.ok(inputsOf('cache').some((file) => file.includes('node_modules/lru-cache')));
  assert.doesNotMatch(readFileSync(join(DIST, 'cache.cjs'), 'utf8'), /diagnostics_channel/);
});

/** An `import` of `node:http` in an ES module reads every export of it, some of which load undici: 13 MB in a sidecar whose page nobody opens. */
for (const bundle of ['cli.mjs', 'sidecar.mjs']) {
  test(`${bundle} asks for Node's own modules by a call`, () => {
    const text = readFileSync(join(DIST, bundle), 'utf8');
    const imported = [...text.matchAll(/(?:^|;)import\b[^;'"()]*['"]([^'"]+)['"]/gm)].map((match) => match[1]);
    assert.deepEqual(imported, ['node:module']);
  });
}
