/** The tables in README.md and docs/errors.md, made from the code. `npm run docs` writes them; a guard test compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { OPTIONS } from '../agent/config/options.ts';
import { PROBLEMS } from '../agent/model/problem.ts';

const ROOT = join(import.meta.dirname, '..');

export function optionsTable(): string {
  const rows = Object.values(OPTIONS).map(
    ({ env, key, defaultText, allowed, doc }) =>
      `| \`${env}\` | \`${key}\` | ${defaultText === undefined ? '–' : `\`${defaultText}\``} | ${doc} Must be ${allowed}. |`,
  );
  return ['| variable | key in the file and in `start()` | default | meaning |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
}

export function errorsTable(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { severity, when, now }]) => `| \`${code}\` | ${severity} | ${when} | ${now} |`,
  );
  return ['| code | severity | when | what happens now |', '|---|---|---|---|', ...rows].join('\n');
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function replaceBlock(file: string, name: string, content: string): void {
  const path = join(ROOT, file);
  const text = readFileSync(path, 'utf8');
  const block = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);
  if (!block.test(text)) throw new Error(`${file} has no block ${name}`);
  writeFileSync(
    path,
    text.replace(block, (_match, open: string, close: string) => `${open}${content}${close}`),
  );
}

if (import.meta.main) {
  replaceBlock('README.md', 'options', optionsTable());
  replaceBlock('docs/errors.md', 'errors', errorsTable());
}
