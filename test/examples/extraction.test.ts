/** The extraction example as a person runs it: all files are done, fewer at once under pressure, with the same result. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { BALLAST, heldTo } from '../helpers/ballast.ts';
import { runNode } from '../helpers/run-node.ts';

const { folder, skip } = appIn('extraction');
const FILES = 120;
/** File number n has n + 1 lines of ten words. */
const WORDS = (10 * FILES * (FILES + 1)) / 2;
const files = mkdtempSync(join(tmpdir(), 'plimsoll-extraction-'));
after(() => rmSync(files, { recursive: true }));

describe('examples/extraction', { skip, concurrency: 2 }, () => {
  for (const program of ['queue', 'limit']) {
    const args = [join(folder, `${program}.mjs`), join(files, program), String(FILES)];

    test(`${program}: 16 files at once, progress, and the one that hangs is given up`, async () => {
      const result = await runNode({ args, env: { PLIMSOLL_EXPORTER: 'none' } });
      assert.equal(result.code, 0, result.report);
      assert.deepEqual(JSON.parse(result.stdout), { files: FILES, words: WORDS, timedOut: 1, most: 16 }, result.report);
      assert.match(result.stderr, /^100 of 121 files, \d+ at once$/m, result.report);
    });

    test(`${program}: at critical 2 at once, with the same result`, async () => {
      const result = await runNode({ args: ['--import', BALLAST, ...args], env: heldTo(160) });
      assert.equal(result.code, 0, result.report);
      assert.deepEqual(JSON.parse(result.stdout), { files: FILES, words: WORDS, timedOut: 1, most: 2 }, result.report);
    });
  }
});
