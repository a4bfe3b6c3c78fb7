/** Forced collections of a real heap: what they free, what they cost, and that the application sees nothing of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';

import { createCollector } from '../../../instrumentation/heap/collector.ts';
import { ensureNode } from '../../../scripts/nodes.ts';
import { runNode } from '../../helpers/run-node.ts';

const MIB = 2 ** 20;
const monotonicMs = (): number => performance.now();
const PROGRAM = fileURLToPath(new URL('../../fixtures/apps/collector/collects.ts', import.meta.url));

test('where it is not allowed it is not available, and does nothing', () => {
  const collector = createCollector({ isAllowed: false, monotonicMs });
  assert.equal(collector.isAvailable, false);
  assert.equal(collector.collect('major'), 0);
});

test('it leaves no gc to the contexts that the application makes later', () => {
  const collector = createCollector({ isAllowed: true, monotonicMs });
  assert.ok(collector.collect('major') > 0);
  assert.equal(runInNewContext('typeof gc'), 'undefined');
  assert.equal(collector.isAvailable, true);
});

test('what lives is what a collection costs: garbage makes it no longer', () => {
  const collector = createCollector({ isAllowed: true, monotonicMs });
  const { heapBytes, heldBytes } = collector.use();
  const all = collector.predictMs('major');
  assert.ok(all > 0.5 * (heapBytes / MIB) * 0.7, `${all} ms`);
  assert.ok(collector.predictMs('major', heldBytes / 2) < all * 0.75);
  assert.ok(collector.predictMs('last-resort') > all);
});

test('a collection by V8 that took longer than was thought is learned from, a shorter one is not: V8 marks beforehand', () => {
  const kept = Array.from({ length: 800_000 }, (_, index) => ({ index, text: `number ${index}` }));
  const collector = createCollector({ isAllowed: true, monotonicMs });
  const before = collector.predictMs('major');
  const { heldBytes, heapBytes } = collector.use();
  assert.ok(heapBytes > 50 * MIB, `${kept.length} objects`);
  collector.observe(1);
  assert.ok(Math.abs(collector.predictMs('major') / before - 1) < 0.2);
  collector.observe(5_000);
  assert.ok(collector.predictMs('major') > 1_000);
  const { ofV8, heldBytes: left } = collector.left();
  assert.equal(ofV8, 2);
  assert.ok(Math.abs(left / heldBytes - 1) < 0.5);
});

test('it learns from its own collections what the next one will take', () => {
  let nowMs = 0;
  const collector = createCollector({ isAllowed: true, monotonicMs: () => (nowMs += 150) });
  const before = collector.predictMs('major');
  for (let made = 0; made < 20; made++) assert.equal(collector.collect('major'), 150);
  const after = collector.predictMs('major');
  assert.ok(Math.abs(after - 150) < Math.abs(before - 150) / 2, `${before} ms, then ${after} ms`);
});

test('one that took long is forgotten while V8 collects without such pauses', () => {
  let nowMs = 0;
  const collector = createCollector({ isAllowed: true, monotonicMs: () => (nowMs += 2_000) });
  const before = collector.predictMs('major');
  collector.collect('major');
  assert.ok(collector.predictMs('major') > before * 2);
  for (let seen = 0; seen < 100; seen++) collector.observe(3);
  assert.ok(collector.predictMs('major') < before * 1.5, `${collector.predictMs('major')} ms, ${before} ms before`);
});

test("its own collections, which Node.js tells of later, are not taken for V8's", () => {
  const collector = createCollector({ isAllowed: true, monotonicMs });
  collector.collect('major');
  collector.observe(20);
  assert.equal(collector.left().ofV8, 0);
  collector.observe(20);
  assert.equal(collector.left().ofV8, 1);
});

for (const version of ['22.15.0', '22', '24', '26']) {
  test(`dropped objects and Buffers are gone after one collection, and pages after the dear one, Node.js ${version}`, async (t) => {
    let node: string;
    try {
      node = ensureNode(version);
    } catch {
      return t.skip(`Node.js ${version} cannot be had`);
    }
    const flags = version === '22.15.0' ? ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] : [];
    const result = await runNode({ preload: 'none', node, args: [...flags, PROGRAM] });
    assert.equal(result.code, 0, result.report);
    const told = JSON.parse(result.stdout) as Record<string, number>;
    const { objectsFreedMib = 0, buffersFreedMib = 0, returnedMib = 0 } = told;
    assert.ok(Math.abs(objectsFreedMib - 60) < 6, result.report);
    assert.ok(Math.abs(buffersFreedMib - 60) < 3, result.report);
    assert.ok(returnedMib > 30, result.report);
  });
}
