import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { listRings } from '../../../agent/record/directory.ts';
import { createInstanceId } from '../../../agent/record/instance-id.ts';
import { START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

const MINUTE_MS = 60_000;
const NOW_MS = START_WALL_MS + 100_000 * MINUTE_MS;

/** A ring file's name with the start time of its number, last written at `writtenMs`. */
function touchRing(directory: string, number: number, writtenMs: number): string {
  const name = `${createInstanceId(START_WALL_MS + number)}.ring`;
  writeFileSync(join(directory, name), '');
  utimesSync(join(directory, name), writtenMs / 1000, writtenMs / 1000);
  return name;
}

describe('the list of recordings', () => {
  test('has the newest start first and nothing that is not a recording', (context) => {
    const directory = temporaryDirectory(context);
    const names = [3, 1, 2].map((number) => touchRing(directory, number, NOW_MS));
    for (const other of ['control.json', 'x.ring', '.ring', '20261121T231745123Z-9f86d081884c7d65.sock']) {
      writeFileSync(join(directory, other), '');
    }
    const list = listRings(directory);
    assert.ok(list.ok);
    assert.deepEqual(
      list.rings.map(({ path }) => path),
      [names[0], names[2], names[1]].map((name) => join(directory, name ?? '')),
    );
    assert.deepEqual(
      list.rings.map(({ startWallMs, instanceId }) => [startWallMs, `${instanceId}.ring`]),
      [
        [START_WALL_MS + 3, names[0]],
        [START_WALL_MS + 2, names[2]],
        [START_WALL_MS + 1, names[1]],
      ],
    );
  });

  test('is one coded line where the folder cannot be read', (context) => {
    const list = listRings(join(temporaryDirectory(context), 'missing'));
    assert.ok(!list.ok);
    assert.equal(list.problem.code, 'PLM_RING_UNREADABLE');
    assert.match(list.problem.message, /missing cannot be listed \(ENOENT/);
  });
});
