/** Whether there is anything to look at, and the counts of a folder in a process that began before there were any. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import type { DeathCount } from '../../agent/model/postmortem.ts';
import { countDeath, investigate, reportOnce } from '../../agent/postmortem/index.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { createSuccession, type SuccessionParts } from '../../agent/succession.ts';
import { found } from './postmortem/found-death.ts';
import { recorderOptions, temporaryDirectory } from './record/ring-fixture.ts';

function partsIn(directory: string | undefined, changes: Partial<SuccessionParts> = {}): SuccessionParts {
  const { identity } = recorderOptions('');
  return {
    options: { directory } as SuccessionParts['options'],
    dataDirectory: directory ?? '',
    identity: { ...identity, resource: { 'k8s.container.name': 'app' }, serviceInstanceId: 'none' },
    clock: systemClock,
    isWatched: () => false,
    isYoung: () => false,
    onFound: () => assert.fail('nobody died'),
    onEvent: () => assert.fail('nobody died'),
    onFailure: (error) => assert.fail(String(error)),
    ...changes,
  };
}

test('counts deaths that another has told of, long after its own start', async (context) => {
  const directory = temporaryDirectory(context);
  let nowMs = 1e6;
  const succession = createSuccession(partsIn(directory, { clock: { ...systemClock, monotonicMs: () => nowMs } }));
  context.after(() => succession.stop());
  assert.deepEqual(succession.deaths(), []);
  const postmortem = investigate(found({}));
  reportOnce(directory, postmortem);
  countDeath(directory, postmortem, Date.now());
  const held = setInterval(() => {}, 1000);
  context.after(() => clearInterval(held));
  let counts: readonly DeathCount[] | undefined = [];
  while (counts?.length === 0) {
    await wait(5);
    nowMs += 6000;
    counts = succession.deaths();
  }
  assert.deepEqual(counts, [{ cause: 'killed', evidence: 'inferred', count: 1 }]);
});

test('one process of a container counts them, while no sidecar does, and where there is a folder', (context) => {
  const directory = temporaryDirectory(context);
  const { identity } = partsIn(directory);
  assert.equal(createSuccession(partsIn(undefined)).deaths(), undefined);
  assert.equal(createSuccession(partsIn(directory, { isWatched: () => true })).deaths(), undefined);
  const worker = { ...identity, process: 'worker-1' };
  assert.equal(createSuccession(partsIn(directory, { identity: worker })).deaths(), undefined);
});
