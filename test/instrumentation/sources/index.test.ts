import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { COL, COLUMNS, createRow, type ColumnName } from '../../../agent/model/row.ts';
import type { World } from '../../../agent/model/source.ts';
import { createSources, type Sources } from '../../../instrumentation/sources/index.ts';
import { createWorld } from '../../contracts/source.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function withSources(overrides: Partial<World>, use: (sources: Sources) => void): Promise<void> {
  const created = await createSources(createWorld(overrides));
  try {
    use(created);
  } finally {
    for (const source of created.sources) source.close();
  }
}

test('every reading of a row belongs to exactly one source, but for those of the sampler and the recording', async () => {
  await withSources({}, ({ sources }) => {
    const others: readonly ColumnName[] = COLUMNS.filter((name) =>
      /^(wallMs|monotonicMs|agent[A-Z]\w*|jobName|stageName|caches?\d?(Name|Bytes))$/.test(name),
    );
    const given = sources.flatMap((source) => source.readings);
    const readings = COLUMNS.slice(0, COLUMNS.indexOf('level'));
    assert.deepEqual([...others, ...given].toSorted(), readings.toSorted());
  });
});

test('has one source of a name', async () => {
  await withSources({}, ({ sources }) => {
    const names = sources.map((source) => source.name);
    assert.deepEqual([...new Set(names)], names);
  });
});

test('a sample asked for by a major collection holds its live set', async () => {
  const row = createRow();
  const { sources } = await createSources(createWorld({ requestSample: sample }));
  function sample(): void {
    for (const source of sources) source.read(row);
  }
  collect();
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  for (const source of sources) source.close();
  const live = row[COL.heapLiveBytes] ?? Number.NaN;
  assert.ok(live > 2 ** 20 && live <= (row[COL.heapOldUsedBytes] ?? 0) + 2 ** 20, `${live}`);
});

test('hands the lateness of the timer to the event-loop source', async () => {
  await withSources({}, ({ sources, recordLateness }) => {
    recordLateness(250);
    const row = createRow();
    for (const source of sources) source.read(row);
    assert.equal(row[COL.loopDelayMaxSeconds], 0.25);
  });
});
