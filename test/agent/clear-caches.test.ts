/** Caches emptied by hand, in the real registry. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { clearCaches } from '../../agent/clear-caches.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createCacheRegistry } from '../../instrumentation/caches/index.ts';

// the agent's timers keep no process alive, and on Node.js 22.15 no test either
const hold = setInterval(() => {}, 1000);
after(() => clearInterval(hold));

function registry() {
  const caches = createCacheRegistry({ ...systemClock, onProblem: (found) => assert.fail(found.message) });
  const maps = ['first', 'kept', 'found'].map(
    (name) => new Map(Array.from({ length: 3000 }, (_, index) => [`${name} ${index}`, { index }])),
  );
  const [first, kept, found] = maps;
  assert.ok(first && kept && found);
  caches.register(first, { name: 'first' });
  caches.register(kept, { name: 'kept', priority: 'never' });
  caches.discover(found, 'map');
  return { caches, sizes: () => maps.map((map) => map.size) };
}

test('all that were registered and may be evicted from', async () => {
  const { caches, sizes } = registry();
  const [cleared, ...others] = await clearCaches(caches.followed(true), undefined, systemClock);
  assert.deepEqual([cleared?.name, cleared?.entries, others], ['first', 3000, []]);
  assert.ok((cleared?.bytes ?? 0) > 3000 * 20);
  assert.deepEqual(sizes(), [0, 3000, 3000]);
});

test('one that is never evicted from, or that was found by itself, by its name alone', async () => {
  const { caches, sizes } = registry();
  const discovered = caches.statuses().find((status) => status.isDiscovered)?.name;
  for (const name of ['kept', discovered]) await clearCaches(caches.followed(true), name, systemClock);
  assert.deepEqual(sizes(), [3000, 0, 0]);
  assert.deepEqual(await clearCaches(caches.followed(true), 'unknown', systemClock), []);
});

test('a large one in slices, with turns of the loop between them', async () => {
  const { caches } = registry();
  let ms = 0;
  let turns = 0;
  const clock = {
    ...systemClock,
    // a tenth of a ms goes by with each look: fifty entries are a slice
    monotonicMs: () => (ms += 0.1),
    setTimer(callback: () => void) {
      turns += 1;
      return systemClock.setTimer(callback, 0);
    },
  };
  await clearCaches(caches.followed(true), 'first', clock);
  assert.ok(turns > 20, String(turns));
});
