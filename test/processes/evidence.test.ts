/** Three real deaths, each found by who may be there to find it. Two hundred of them: `npm run bench:evidence`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { whyNoContainers } from '../bench/evidence/container.ts';
import { startSidecar, type WatchingSidecar } from '../bench/evidence/run-plan.ts';
import { type Case, die } from '../bench/evidence/scene.ts';
import { wayOf } from '../bench/evidence/ways.ts';

const skip = whyNoContainers() ?? false;

/** What was said, beside what really happened and how old the last record was. */
function told({ truth, found, lastAgeMs = Infinity, intervalMs = 0 }: Case) {
  return {
    truth: truth.cause,
    found: found?.cause,
    by: found?.foundBy,
    evidence: found?.evidence,
    isFresh: lastAgeMs <= intervalMs,
  };
}

describe('a death in a container of its own', { skip, concurrency: true }, () => {
  let sidecar: WatchingSidecar | undefined;
  before(async () => {
    sidecar = await startSidecar();
  });
  after(async () => await sidecar?.stop());
  const observed = { evidence: 'observed', isFresh: true } as const;
  const inferred = { evidence: 'inferred', isFresh: true } as const;

  test('by the kernel, for want of memory, is known to its parent', async () => {
    const one = await die(wayOf('kernel: buffers, fast'), 'parent');
    assert.deepEqual(told(one), { truth: 'kernel_oom', found: 'kernel_oom', by: 'parent', ...observed }, one.report);
    assert.match(
      one.report,
      /^\[plimsoll\] .* died: the kernel killed it for want of memory \(kernel_oom, observed\)$/m,
    );
  });

  test('by V8, for want of heap, is told by the sidecar within a second', async () => {
    const one = await die(wayOf('V8: objects'), 'sidecar', { watched: sidecar?.directory });
    assert.equal(one.truth.cause, 'v8_oom', one.report);
    assert.equal(one.found?.cause, 'v8_oom', one.report);
    assert.equal(one.found.foundBy, 'sidecar');
    assert.ok(one.found.afterMs <= 1000, `${one.found.afterMs} ms`);
  });

  test('by a SIGKILL, with memory to spare, is no lack of memory to the next container', async () => {
    const one = await die(wayOf('SIGKILL: at rest'), 'new container');
    assert.deepEqual(told(one), { truth: 'killed', found: 'killed', by: 'successor', ...inferred }, one.report);
  });
});
