import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MIB, scriptedProcess } from './scripted.ts';

const PLENTY = 1_000 * MIB;

test('a cache that gave back may hold no more during the episode, and a little more each second after it', async () => {
  const { reclaim, cache, pass } = scriptedProcess();
  const pages = cache({ entries: 100 });
  await reclaim.reclaim(40 * MIB, 'high', true);
  assert.equal(pages.capEntries, 60);
  for (const level of ['critical', 'high', 'elevated'] as const) {
    pass(60_000);
    reclaim.tick(level, PLENTY);
    assert.equal(pages.capEntries, 60);
  }
  const caps: (number | undefined)[] = [];
  for (let second = 0; second < 8; second++) {
    pass(1_000);
    reclaim.tick('normal', PLENTY);
    reclaim.tick('normal', PLENTY);
    caps.push(pages.capEntries);
  }
  assert.deepEqual(caps, [65, 70, 75, 80, 85, 90, 95, undefined]);
});

test('with little headroom it grows less, and not while use grows faster than caches may', async () => {
  const { reclaim, cache, pass } = scriptedProcess();
  const pages = cache({ entries: 100 });
  await reclaim.reclaim(40 * MIB, 'high', true);
  const after = (headroomMib: number): number | undefined => {
    pass(1_000);
    reclaim.tick('normal', headroomMib * MIB);
    return pages.capEntries;
  };
  assert.equal(after(60), 63, 'a twentieth of the headroom');
  assert.equal(after(40), 63, '20 MiB went elsewhere');
  assert.equal(after(40), 65);
});

test("it never may hold more than its owner's maximum, nor is the cap of an episode raised by a second reclaim", async () => {
  const { reclaim, cache, pass } = scriptedProcess();
  const pages = cache({ entries: 100, limit: { entries: 70, bytes: undefined } });
  await reclaim.reclaim(40 * MIB, 'high', true);
  pages.entryCount = 90;
  await reclaim.reclaim(10 * MIB, 'high', true);
  assert.equal(pages.capEntries, 60);
  for (let second = 0; second < 2; second++) {
    pass(1_000);
    reclaim.tick('normal', PLENTY);
  }
  assert.equal(pages.capEntries, undefined);
});

test('when the run ends every cache may hold again what its owner allows', async () => {
  const { reclaim, cache } = scriptedProcess();
  const pages = cache();
  await reclaim.reclaim(40 * MIB, 'high', true);
  reclaim.stop();
  assert.equal(pages.capEntries, undefined);
});
