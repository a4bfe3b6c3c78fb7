/** agent/sidecar/api/openapi.json and the tables in docs/api.md, made from the route table. `npm run docs` writes them; a guard test compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openApi } from '../agent/sidecar/api/openapi.ts';
import { NEEDED, type Parameters } from '../agent/sidecar/api/parameters.ts';
import type { Route } from '../agent/sidecar/api/route.ts';
import { ROUTES } from '../agent/sidecar/api/routes.ts';

const ROOT = join(import.meta.dirname, '..');

export function openApiText(): string {
  return `${JSON.stringify(openApi(ROUTES), undefined, 1)}\n`;
}

const ACCESS: Readonly<Record<Route['access'], string>> = {
  read: '',
  secret: ' Only with a token.',
  write: ' Only with a token and `PLIMSOLL_API_WRITE=on`.',
};

export function routesTable(): string {
  const rows = ROUTES.map(({ method, path, summary, access, query, body = {} }) => {
    const asked = [...names(query, '?'), ...names(body, '')].join(', ');
    return `| \`${method} /api/v1${path.replaceAll(/:(\w+)/g, '{$1}')}\` | ${asked === '' ? '–' : asked} | ${summary}${ACCESS[access]} |`;
  });
  return ['| route | asked by | answers |', '|---|---|---|', ...rows].join('\n');
}

function names(parameters: Parameters, sign: string): readonly string[] {
  return Object.entries(parameters).map(([name, { otherwise }]) =>
    otherwise === NEEDED ? `\`${sign}${name}\` (needed)` : `\`${sign}${name}\``,
  );
}

export function parametersTable(): string {
  const rows = new Map<string, string>();
  for (const { query, body = {} } of ROUTES) {
    for (const [name, { doc, allowed }] of [...Object.entries(query), ...Object.entries(body)]) {
      const row = `| \`${name}\` | ${doc} | ${allowed} |`;
      rows.set(row, row);
    }
  }
  return ['| name | meaning | must be |', '|---|---|---|', ...rows.values()].join('\n');
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
function replaceBlock(text: string, name: string, content: string): string {
  const block = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);
  if (!block.test(text)) throw new Error(`docs/api.md has no block ${name}`);
  return text.replace(block, (_match, open: string, close: string) => `${open}${content}${close}`);
}

if (import.meta.main) {
  writeFileSync(join(ROOT, 'agent/sidecar/api/openapi.json'), openApiText());
  const page = join(ROOT, 'docs/api.md');
  const withRoutes = replaceBlock(readFileSync(page, 'utf8'), 'routes', routesTable());
  writeFileSync(page, replaceBlock(withRoutes, 'parameters', parametersTable()));
}
