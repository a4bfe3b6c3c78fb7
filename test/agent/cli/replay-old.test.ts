/**
 * test/fixtures/record/before-worker-threads.ring.gz: made by the last agent that knew no worker threads, whose rows have neither their
 * readings nor their constraint, of a heap of 64 MiB filled at 12 MB/s with PLIMSOLL_ENTER=.2,.4,.6.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { bindingConstraint } from '../../../agent/cli/recording.ts';
import { replayed } from '../../../agent/cli/replay.ts';
import { COL } from '../../../agent/model/row.ts';
import { readRing } from '../../../agent/record/reader.ts';

const FIXTURE = new URL('../../fixtures/record/before-worker-threads.ring.gz', import.meta.url);

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-old-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a recording from before there were worker threads is read by name and replayed to the same verdicts', () => {
  const path = join(folder, '20261122T031636080Z-d2f20947d54e31a3.ring');
  writeFileSync(path, gunzipSync(readFileSync(FIXTURE)));
  const read = readRing(path);
  assert.ok(read.ok);
  const { header, records } = read.reading;
  assert.ok(header.policy);
  assert.ok(!header.columns.includes('workerUsedBytes'));
  const last = records.at(-1)?.row;
  assert.ok(last);
  assert.deepEqual([last[COL.workerUsedBytes], last[COL.workerUtilizationRatio]], [Number.NaN, Number.NaN]);
  assert.deepEqual([last[COL.heapOldLimitBytes], bindingConstraint(last)], [64 * 2 ** 20, 'heap']);

  const { changes, agreementRatio } = replayed({ records }, header.policy);
  assert.equal(agreementRatio, 1);
  assert.deepEqual(
    changes.map(({ to }) => to),
    ['elevated', 'high', 'critical'],
  );
});
