/** The helper that lets tests do what a page says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { assertShows, openDesk, readPage, whyNotTyped } from './page.ts';

const PAGE = `# A small page

\`\`\`js lib/answer.mjs
console.log('a', 8080, 'b');
\`\`\`

\`\`\`js
throw new Error('for the reader only');
\`\`\`

\`\`\`sh run
WORD=typed \\
  node lib/answer.mjs
npx --no-install plimsoll --version
\`\`\`

\`\`\`text run
a 8080 …
0.…
\`\`\`
`;

test(
  'a page is taken apart, its commands are typed, and what it promises is looked for',
  { skip: whyNotTyped() },
  async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-page-test-'));
    context.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'page.md'), PAGE);
    const page = readPage(join(folder, 'page.md'));
    assert.equal(page.title, 'A small page');
    const desk = await openDesk(page, { ports: [8080] });
    context.after(desk.close);

    const { stdout, code, report } = await desk.start('run').ended;

    assert.equal(code, 0, report);
    assert.match(stdout, new RegExp(`^a ${desk.port(8080)} b\n`), 'a free port stands for the one of the page');
    desk.shows('run', stdout);
    assert.throws(() => desk.start('walk'), /no block of the name walk/);
  },
);

test('what the output lacks, or has in another order, is told', () => {
  assertShows('one 1\nnoise\ntwo (2)\n', 'one …\ntwo (2)\n');
  assert.throws(() => assertShows('one\n', 'two\n'), /the page promises\ntwo/);
  assert.throws(() => assertShows('two\none\n', 'one\ntwo\n'), /the page promises\ntwo/);
});
