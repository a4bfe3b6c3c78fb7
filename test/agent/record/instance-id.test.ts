import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createInstanceId, instanceNonce, instanceStartMs } from '../../../agent/record/instance-id.ts';
import { START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

describe('an instance id', () => {
  test('is the start time and 64 random bits', () => {
    assert.match(createInstanceId(START_WALL_MS), /^20261121T231745123Z-[0-9a-f]{16}$/);
  });

  test('tells its start time', () => {
    assert.equal(instanceStartMs(createInstanceId(START_WALL_MS)), START_WALL_MS);
  });

  test('is another one for each of ten thousand processes of the same millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => createInstanceId(START_WALL_MS));
    assert.equal(new Set(ids).size, ids.length);
  });

  test('sorts by start time as text', () => {
    const times = [0, 999, 1000, START_WALL_MS, START_WALL_MS + 1, 4_102_444_800_000];
    const ids = times.map((ms) => createInstanceId(ms));
    assert.deepEqual(ids.toSorted(), ids);
  });

  test('is random too where there is no entropy device, or one that has run dry', (context) => {
    const dry = join(temporaryDirectory(context), 'dry');
    writeFileSync(dry, '1234');
    for (const path of ['/no/such/device', dry]) {
      const ids = Array.from({ length: 1000 }, () => createInstanceId(START_WALL_MS, path));
      assert.equal(new Set(ids).size, ids.length);
      assert.match(ids.join('\n'), /^(\w{19}-[0-9a-f]{16}\n?)+$/);
    }
  });

  test('gives its random part as two words', () => {
    assert.deepEqual(instanceNonce('20261121T231745123Z-00000001ffffffff'), [1, 0xffffffff]);
  });

  test('is not any other name', () => {
    for (const name of [
      '',
      '1',
      '20261121T231745123Z',
      '20261321T231745123Z-9f86d081884c7d65',
      'control',
      'x-9f86d081884c7d65',
    ]) {
      assert.equal(instanceStartMs(name), undefined, name);
    }
  });
});
