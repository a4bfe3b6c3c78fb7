/** The FITS example as a person runs it, with a smaller file: its README tells how 5 GB are read. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { appIn } from '../../scripts/install-apps.ts';
import { BALLAST, heldTo } from '../helpers/ballast.ts';
import { runNode, type RunOptions } from '../helpers/run-node.ts';

const { folder, skip } = appIn('fits');
/** 200 MB. */
const ROWS = 2000;
const COLUMNS = 50_000;
/** Of the one row that is not all zeros: -500 up to 1499, 25 times. */
const EXPECTED = { pixels: ROWS * COLUMNS, sum: (25 * 2000 * (1499 - 500)) / 2, min: -500, max: 1499 };
const CHUNKS = Math.ceil((ROWS * COLUMNS * 2) / (10 * 2 ** 20));

const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-fits-'));
const image = join(scratch, 'image.fits');
after(() => rmSync(scratch, { recursive: true }));

interface Result {
  readonly chunks: number;
  readonly mostThreads?: number;
  readonly maxRssMebibytes: number;
}

async function run(program: string, args: readonly string[], options: Partial<RunOptions> = {}): Promise<Result> {
  const path = join(folder, `${program}.mjs`);
  const result = await runNode({
    env: { PLIMSOLL_EXPORTER: 'none' },
    timeoutMs: 60_000,
    ...options,
    args: [...(options.args ?? []), path, image, ...args],
  });
  assert.equal(result.code, 0, result.report);
  const { chunks, mostThreads = 0, maxRssMebibytes, ...statistics } = JSON.parse(result.stdout) as Result;
  assert.deepEqual(statistics, EXPECTED, result.report);
  return { chunks, mostThreads, maxRssMebibytes };
}

describe('examples/fits', { skip }, () => {
  before(async () => {
    const { chunks } = await run('stream', [String(ROWS)], { preload: 'none' });
    assert.equal(chunks, CHUNKS);
    assert.ok(statSync(image).blocks * 512 < 1e6, 'it is sparse');
  });

  test('read under a budget of 112 MiB it takes no more than a chunk above it, in chunks of 10 MB and smaller', async () => {
    const env = { PLIMSOLL_EXPORTER: 'none', PLIMSOLL_CAPTURE: 'off', PLIMSOLL_PROCESS_BUDGET: '112MiB' };
    const { chunks, maxRssMebibytes } = await run('stream', [], { env });
    assert.ok(maxRssMebibytes < 128, `${maxRssMebibytes} MiB`);
    assert.ok(chunks > CHUNKS, `${chunks} chunks`);
  });

  test('a pool of workers comes to the same result', async () => {
    const { chunks, mostThreads, maxRssMebibytes } = await run('pool', []);
    assert.equal(chunks, CHUNKS);
    assert.ok(Number(mostThreads) >= 2, `${mostThreads} threads`);
    assert.ok(maxRssMebibytes < 200, `${maxRssMebibytes} MiB`);
  });

  test('at critical the pool has one worker, and the result is the same', async () => {
    const { mostThreads } = await run('pool', [], { args: ['--import', BALLAST], env: heldTo(300) });
    assert.equal(mostThreads, 1);
  });
});
