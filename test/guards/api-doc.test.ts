/** The API's description and its page are what the route table says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

import { ROUTES } from '../../agent/sidecar/api/routes.ts';
import { openApiText, parametersTable, routesTable } from '../../scripts/docs-api.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

test('openapi.json is what the route table says', () => {
  assert.ok(
    read('agent/sidecar/api/openapi.json') === openApiText(),
    'openapi.json is stale: node scripts/docs-api.ts',
  );
});

test('docs/api.md has the tables of routes and parameters', () => {
  const page = read('docs/api.md');
  assert.ok(page.includes(routesTable()), 'the routes of docs/api.md are stale: node scripts/docs-api.ts');
  assert.ok(page.includes(parametersTable()), 'the parameters of docs/api.md are stale: node scripts/docs-api.ts');
});

test('every reference of the description leads somewhere, and every operation has a name of its own', () => {
  const text = openApiText();
  const document = JSON.parse(text) as { components: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
    assert.ok(document.components[kind]?.[name], `${kind}/${name}`);
  }
  const ids = [...text.matchAll(/"operationId": "(\w+)"/g)].map(([, id]) => id);
  assert.equal(ids.length, ROUTES.length);
  assert.equal(new Set(ids).size, ids.length);
});

test('no route waits for the hand of who forgot its access', () => {
  assert.deepEqual(
    ROUTES.filter(({ method, access }) => (method !== 'GET') !== (access === 'write')).map(({ path }) => path),
    [],
  );
});
