import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { COL, COLUMNS, createRow, HEAP_SPACES, type ColumnName } from '../../../agent/model/row.ts';
import { createV8Source } from '../../../instrumentation/sources/v8.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Spaces of other V8s than this one. */
const absentSpaces = HEAP_SPACES.filter((name) => !getHeapSpaceStatistics().some((space) => space.space_name === name));

sourceContract({
  module: 'instrumentation/sources/v8.ts',
  factory: 'createV8Source',
  create: createV8Source,
  mayBeAbsent: ['heapLiveBytes', ...COLUMNS.filter((column) => absentSpaces.some((space) => column.startsWith(space)))],
  garbageBytes: 3200,
});

function read(source = createV8Source(createWorld())) {
  const row = createRow();
  source.read(row);
  return (name: ColumnName): number => row[COL[name]] ?? Number.NaN;
}

test('gives each space its own columns', () => {
  const at = read();
  const spaces = getHeapSpaceStatistics();
  for (const { space_name, space_used_size, space_size } of spaces) {
    const name = HEAP_SPACES.find((known) => known === space_name);
    assert.ok(name !== undefined, `${space_name} is in HEAP_SPACES`);
    assert.ok(Math.abs(at(`${name}UsedBytes`) - space_used_size) < 2 ** 19, space_name);
    assert.ok(Math.abs(at(`${name}SizeBytes`) - space_size) <= 2 ** 20, space_name);
  }
  const sum = HEAP_SPACES.filter((name) => !absentSpaces.includes(name)).reduce(
    (all, name) => all + at(`${name}UsedBytes`),
    0,
  );
  assert.ok(Math.abs(sum - at('heapUsedBytes')) < 2 ** 19);
});

test('counts as old what is neither young nor read-only', () => {
  collect(); // or a scavenge may come between V8's total and the statistics of its spaces
  const at = read();
  const young = at('new_spaceUsedBytes') + at('new_large_object_spaceUsedBytes') + at('read_only_spaceUsedBytes');
  assert.ok(Math.abs(at('heapOldUsedBytes') + young - at('heapUsedBytes')) < 2 ** 19);
});

test('tells a large new object apart until it grows old', () => {
  collect();
  const source = createV8Source(createWorld());
  const before = read(source);
  const large = Array.from({ length: 100_000 }, (_, i) => i);
  const after = read(source);
  assert.ok(after('heapNewLargeUsedBytes') - before('heapNewLargeUsedBytes') >= large.length * 8);
  assert.ok(after('heapOldUsedBytes') - before('heapOldUsedBytes') < large.length * 8);
  collect();
  const old = read(source);
  assert.ok(old('heapNewLargeUsedBytes') < large.length * 8);
  assert.ok(old('large_object_spaceUsedBytes') - before('large_object_spaceUsedBytes') >= large.length * 8);
});

test('keeps the live set of the last major collection, whatever is allocated after it', () => {
  const source = createV8Source(createWorld());
  assert.equal(read(source)('heapLiveBytes'), Number.NaN);
  let kept: object[] | undefined = Array.from({ length: 300_000 }, (_, i) => ({ i }));
  collect();
  source.noteMajorCollection();
  const live = read(source)('heapLiveBytes');
  assert.equal(live, read(source)('heapLiveBytes'));
  assert.ok(live > kept.length * 24, `${live}`);
  kept = undefined;
  collect();
  source.noteMajorCollection();
  assert.ok(read(source)('heapLiveBytes') < live - 300_000 * 24);
});

test('counts Buffers outside the heap', () => {
  const before = read();
  const buffer = Buffer.alloc(32 * 2 ** 20);
  const after = read();
  const close = (name: ColumnName): boolean => Math.abs(after(name) - before(name) - buffer.length) < 2 ** 20;
  assert.ok(close('heapArrayBuffersBytes'));
  assert.ok(close('heapExternalBytes'));
});

test('takes the old generation of the flags it is told of', () => {
  const at = read(createV8Source(createWorld({ nodeOptions: '--max-old-space-size=100' })));
  assert.equal(at('heapOldLimitBytes'), 100 * 2 ** 20);
  assert.equal(at('heapSizeLimitBytes'), getHeapStatistics().heap_size_limit);
});

test('has a limit below heap_size_limit, by the young generation', () => {
  const at = read(
    createV8Source(createWorld({ execArgv: process.execArgv, nodeOptions: process.env['NODE_OPTIONS'] ?? '' })),
  );
  const young = at('heapSizeLimitBytes') - at('heapOldLimitBytes');
  assert.ok(young > 0 && young <= 3 * 64 * 2 ** 20, `${young}`);
});
