/** What a pressure cache does by level, with the callbacks and the cache registry of the agent. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createPressureCaches } from '../../../instrumentation/caches/pressure-cache.ts';
import { createLevelAgent } from '../../helpers/level-agent.ts';
import { createTestParts } from '../../helpers/pressure-cache-parts.ts';

const parts = createTestParts();
const agent = createLevelAgent();
const underAgent = createPressureCaches({ ...parts, findAgent: () => agent.handle });
let names = 0;
const name = (): string => `cache-${(names += 1)}`;

/** With as many entries as it may have. */
function full(maxEntries: number, open = underAgent) {
  const cache = open<string>({ name: name(), maxEntries });
  for (let index = 0; index < maxEntries; index += 1) cache.put(`key ${index}`, `value ${index}`);
  return cache;
}

describe('under pressure', () => {
  test('a quarter less at elevated, half at high, fifty at critical; the agent sees it all', () => {
    const cache = full(1000);
    const seen = () => agent.handle.caches().find((status) => status.name === cache.name);
    const steps = ([1, 2, 3] as const).map((level) => {
      agent.enter(level);
      return cache.stats().entries;
    });
    assert.deepEqual(steps, [750, 500, 50]);
    assert.equal(cache.stats().evictions.pressure, 950);
    assert.deepEqual([seen()?.entries, seen()?.priority, seen()?.library], [50, 'never', 'plimsoll']);
    assert.equal(cache.get('key 999'), 'value 999');
    assert.equal(cache.memoryStatus().level, 'critical');
    cache.close();
    assert.equal(seen(), undefined);
    assert.equal(
      [...agent.reclaimers].some((reclaimer) => reclaimer.name === cache.name),
      false,
    );
    agent.enter(0);
  });

  test('it stays small while the level lasts, and grows again over a hundred seconds, never past its maximum', () => {
    const cache = full(1000);
    agent.enter(3);
    for (let index = 0; index < 200; index += 1) cache.put(`more ${index}`, 'x');
    assert.equal(cache.stats().entries, 50);
    agent.enter(0);
    const sizes = [0, 1_000, 49_000, 1_000_000].map((ms) => {
      parts.nowMs += ms;
      for (let index = 0; index < 2000; index += 1) cache.put(`again ${index}`, 'x');
      return cache.stats().entries;
    });
    assert.deepEqual(sizes, [50, 60, 550, 1000]);
    cache.close();
  });

  test('after high it grows no further than elevated allows', () => {
    const cache = full(100);
    agent.enter(2);
    agent.enter(1);
    parts.nowMs += 1e6;
    assert.equal(cache.stats().currentMaxEntries, 75);
    agent.enter(0);
    cache.close();
  });

  test('the cheapest to make again of the oldest go first', () => {
    const cache = underAgent<number>({ name: name(), maxEntries: 8 });
    const costs = [900, 10, 800, 20, 700, 30, 600, 40];
    costs.forEach((costMs, index) => cache.put(String(index), index, 'tier', costMs));
    agent.enter(2);
    assert.deepEqual(
      cache
        .details()
        .map(({ costMs = 0 }) => costMs)
        .toSorted((a, b) => a - b),
      [600, 700, 800, 900],
    );
    agent.enter(0);
    cache.close();
  });

  test('an eviction is taken in slices, and no put waits for it', () => {
    let ms = 0;
    // each look at the clock is a tenth of a ms later: forty entries are a slice
    const sliced = createPressureCaches({ ...parts, monotonicMs: () => (ms += 0.1), findAgent: () => agent.handle });
    const cache = full(1000, sliced);
    parts.timers.length = 0;
    agent.enter(2);
    assert.ok(cache.stats().entries > 900, String(cache.stats().entries));
    let slices = 1;
    for (let next = parts.timers.shift(); next !== undefined; next = parts.timers.shift()) {
      slices += 1;
      next();
    }
    assert.equal(cache.stats().entries, 500);
    assert.ok(slices > 5, String(slices));
    agent.enter(0);
    cache.close();
  });

  test('what a step took is owed to the reclaimer once; by hand it gives what is asked for', async () => {
    const cache = full(1000);
    const reclaimer = [...agent.reclaimers].find((one) => one.name === cache.name);
    assert.ok(reclaimer);
    const ask = (targetBytes: number) =>
      reclaimer.reclaim({ targetBytes, level: 'normal', signal: new AbortController().signal });
    agent.enter(2);
    const owed = await ask(0);
    assert.ok(owed > 500 * 20, String(owed));
    assert.equal(await ask(1e9), 0, 'under pressure its steps are all it gives');
    agent.enter(0);
    const held = cache.stats().bytes;
    const given = await ask(held / 2);
    assert.ok(given > held * 0.4 && given < held * 0.6, `${given} of ${held}`);
    assert.equal(cache.stats().entries, 250);
    cache.close();
  });

  test('in observe, and with pressure: false, it keeps its size', () => {
    const cache = full(100);
    const other = underAgent({ name: name(), maxEntries: 100, pressure: false });
    for (let index = 0; index < 100; index += 1) other.put(String(index), index);
    agent.enter(3, false);
    assert.equal(cache.stats().entries, 100);
    agent.enter(0, false);
    agent.enter(3);
    assert.deepEqual([cache.stats().entries, other.stats().entries], [50, 100]);
    agent.enter(0);
    cache.close();
    other.close();
  });

  test('a cache that is opened under pressure is small from the start; an agent that comes later is found', () => {
    agent.enter(2);
    let found = false;
    const open = createPressureCaches({ ...parts, findAgent: () => (found ? agent.handle : undefined) });
    const cache = full(100, open);
    assert.equal(cache.stats().entries, 100);
    found = true;
    for (let index = 0; index < 50; index += 1) cache.put(`more ${index}`, 'x');
    assert.equal(cache.stats().entries, 50);
    found = false; // it was stopped
    for (let index = 0; index < 50; index += 1) cache.put(`and more ${index}`, 'x');
    parts.nowMs += 1e6;
    assert.equal(cache.stats().currentMaxEntries, 100);
    agent.enter(0);
    cache.close();
  });
});
