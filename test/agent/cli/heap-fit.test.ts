import assert from 'node:assert/strict';
import { test } from 'node:test';

import { heapInContainer } from '../../../agent/cli/heap-fit.ts';
import { fittingNodeOptions, judgeHeapFit } from '../../../agent/postmortem/heap-fit.ts';

const MIB = 2 ** 20;

/**
 * `heap_size_limit` in MiB, read in cgroups of these sizes: [container, Node 22, Node 24, Node 26]; old is what a flag
 * of 100 MiB leaves of it for the young generation. Again: echo LIMIT > memory.limit_in_bytes, then
 * `node -p 'v8.getHeapStatistics().heap_size_limit / 2**20'` inside.
 */
const MEASURED = [
  [128, 259, 259, 262],
  [256, 259, 259, 262],
  [512, 259, 259, 268],
  [768, 396, 432, 408],
  [1024, 524, 560, 536],
  [2048, 1048, 1120, 1072],
  [4096, 2096, 2240, 2144],
  [8192, 2096, 2240, 2144],
  [14_336, 2096, 2240, 2144],
  [16_384, 4144, 4288, 4192],
] as const;

for (const [containerMib, ...limitsMib] of MEASURED) {
  test(`the heap it expects in a container of ${containerMib} MiB is the one that Node.js takes`, () => {
    for (const [index, major] of [22, 24, 26].entries()) {
      const { oldBytes, youngBytes } = heapInContainer(containerMib * MIB, '', major);
      assert.equal((oldBytes + youngBytes) / MIB, limitsMib[index], `Node.js ${major}`);
    }
  });
}

test('flags in NODE_OPTIONS decide the heap it expects', () => {
  const heap = (nodeOptions: string) => {
    const { oldBytes, youngBytes } = heapInContainer(1024 * MIB, nodeOptions, 24);
    return [oldBytes / MIB, youngBytes / MIB];
  };
  assert.deepEqual(heap('--max-old-space-size=100'), [100, 48]);
  assert.deepEqual(heap('--max-semi-space-size=4 --max_old_space_size=100'), [100, 12]);
  assert.deepEqual(heap('--max-old-space-size=100 --max-old-space-size-percentage=75'), [768, 48]);
  assert.deepEqual(heap('--require "./a b.cjs"'), [512, 48]);
});

test('a default heap does not fit 256 MiB, and the flag it names fits', () => {
  const fit = judgeHeapFit(heapInContainer(256 * MIB, '', 24), 256 * MIB);
  assert.equal(fit.fits, false);
  const nodeOptions = fittingNodeOptions(fit) ?? '';
  assert.equal(nodeOptions, '--max-old-space-size=189');
  assert.equal(judgeHeapFit(heapInContainer(256 * MIB, nodeOptions, 24), 256 * MIB).fits, true);
  const oneMore = heapInContainer(256 * MIB, '--max-old-space-size=190', 24);
  assert.equal(judgeHeapFit(oneMore, 256 * MIB).fits, false);
});

test('what it names fits in every size of container, on every major, and is the largest that does', () => {
  for (let containerMib = 96; containerMib <= 9000; containerMib += 64) {
    for (const major of [22, 24, 26]) {
      const limitBytes = containerMib * MIB;
      const fit = judgeHeapFit(heapInContainer(limitBytes, '', major), limitBytes);
      const fits = (oldMib: number): boolean =>
        judgeHeapFit(heapInContainer(limitBytes, `--max-old-space-size=${oldMib}`, major), limitBytes).fits;
      const oldMib = fit.fittingOldMib ?? 0;
      assert.ok(oldMib > 0 && fits(oldMib) && !fits(oldMib + 1), `${containerMib} MiB, Node.js ${major}: ${oldMib}`);
    }
  }
});

test('no heap is named for a container that is too small for Node.js itself', () => {
  const fit = judgeHeapFit(heapInContainer(64 * MIB, '', 24), 64 * MIB);
  assert.equal(fit.fits, false);
  assert.equal(fittingNodeOptions(fit), undefined);
});
