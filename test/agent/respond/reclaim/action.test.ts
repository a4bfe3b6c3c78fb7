import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ActionStep } from '../../../../agent/model/action.ts';
import type { Assessment } from '../../../../agent/model/assessment.ts';
import { IDLE_ASSESSMENT } from '../../../../agent/model/handle.ts';
import { levelName, type Level } from '../../../../agent/model/level.ts';
import { createRow } from '../../../../agent/model/row.ts';
import { MIB, scriptedProcess } from './scripted.ts';

const row = createRow();
const signal = new AbortController().signal;

function stepAt(level: Level, targetMib: number, assessment: Partial<Assessment> = {}): ActionStep {
  return {
    previous: 0,
    row,
    targetBytes: targetMib * MIB,
    assessment: {
      ...IDLE_ASSESSMENT,
      level,
      binding: 'container',
      headroomBytes: 40 * MIB,
      pressureRatio: 0.85,
      ...assessment,
    },
  };
}

/** What was freed shows there at once. */
const HEAP = { binding: 'heap' } as const;
const held = { reasons: [{ kind: 'held', level: 2, by: 'dwell' }] } as const;

test('the target of a level is asked for once, again at a higher one, and again after the cool-down', async () => {
  const { reclaim, cache, pass } = scriptedProcess();
  const pages = cache({ entries: 200 });
  await reclaim.action.run(stepAt(1, 20, HEAP), signal);
  assert.equal(pages.entryCount, 180);
  assert.equal(reclaim.action.plan(stepAt(1, 20, HEAP)), undefined);
  await reclaim.action.run(stepAt(2, 40, HEAP), signal);
  assert.equal(pages.entryCount, 140);
  pass(30_000);
  assert.match(reclaim.action.plan(stepAt(2, 40, HEAP)) ?? '', /^ask pages for \d+\.\d MiB and collect garbage/);
});

test('it is urgent where the limit is reached before the cool-down is over, and from high on', () => {
  const { action } = scriptedProcess({ coolDownMs: 30_000 }).reclaim;
  const urgent = (step: ActionStep): boolean | undefined => action.isUrgent?.(step);
  assert.equal(urgent(stepAt(1, 20, { timeToLimitSeconds: 29 })), true);
  assert.equal(urgent(stepAt(1, 20, { timeToLimitSeconds: 31 })), false);
  assert.equal(urgent(stepAt(2, 20)), true);
  assert.equal(urgent(stepAt(2, 20, { ...held, pressureRatio: 0.6 })), false, 'high is only held');
});

test('however long an episode lasts, a cache keeps a part of what it held', async () => {
  const { reclaim, cache, pass } = scriptedProcess();
  const pages = cache({ entries: 200 });
  for (let round = 0; round < 20; round++) {
    await reclaim.action.run(stepAt(2, 60, HEAP), signal);
    reclaim.tick('normal', 0, false);
    pass(30_000);
  }
  assert.ok(pages.entryCount >= 10 && pages.entryCount <= 20, `${pages.entryCount} of 200 are left`);
  await reclaim.reclaim(1_000 * MIB, 'high', true);
  assert.equal(pages.entryCount, 0, 'by hand it may be emptied');
});

test('where garbage explains that a level lasts, it is collected and nobody is asked again', async () => {
  const { reclaim, cache, memory, collections, pass } = scriptedProcess();
  const pages = cache({ entries: 100 });
  const container = {
    constraint: 'container',
    weight: 'fully',
    limitBytes: 400 * MIB,
    utilizationRatio: 0.85,
  } as const;
  const rest = { usageBytes: 0, headroomBytes: 0, growthBytesPerSecond: 0, timeToLimitSeconds: undefined };
  const step = stepAt(2, 60, { constraints: [{ ...container, ...rest }] });
  await reclaim.action.run(step, signal);
  const left = pages.entryCount;
  assert.ok(left < 100);
  pass(30_000);
  memory.garbageBytes = 200 * MIB;
  collections.length = 0;
  await reclaim.action.run(step, signal);
  assert.equal(pages.entryCount, left);
  assert.ok(collections.length > 0);
});

test('a level that is only held asks for nothing, and is asked at again when memory is', () => {
  const { reclaim, cache } = scriptedProcess();
  cache({ entries: 200 });
  assert.equal(reclaim.action.plan(stepAt(2, 40, { ...held, pressureRatio: 0.6 })), undefined);
  assert.notEqual(reclaim.action.plan(stepAt(2, 40)), undefined);
});

test('with little time left it asks for as long as it can, collects, and goes on at the next sample', async () => {
  const { reclaim, cache } = scriptedProcess();
  const pages = cache({ entries: 200, evictMs: 4 });
  const step = stepAt(2, 60, { ...HEAP, timeToLimitSeconds: 0.4 });
  const first = await reclaim.action.run(step, signal);
  assert.equal(first.outcome, 'done');
  assert.ok(pages.entryCount > 170 && pages.entryCount < 195, `${pages.entryCount} are left`);
  assert.match(reclaim.action.plan(step) ?? '', /ask pages/);
});

test('a thousand caches are planned as one line, and looked at only when they are asked', async () => {
  const { reclaim, cache } = scriptedProcess({ msPerMib: 0.01 });
  const caches = Array.from({ length: 1_000 }, (_, index) => cache({ name: `c${index}`, entries: 2 }));
  let looks = 0;
  for (const one of caches) {
    const { status } = one;
    one.status = () => {
      looks += 1;
      return status();
    };
  }
  assert.match(reclaim.action.plan(stepAt(2, 200)) ?? '', /^ask 1000 caches for 200\.0 MiB and collect/);
  assert.equal(looks, 0);
  const { detail } = await reclaim.action.run(stepAt(2, 200), signal);
  assert.match(detail, /and 995 more; /);
});

test('the heap of a worker thread is not helped by what the process holds', () => {
  const { reclaim, cache } = scriptedProcess();
  cache({ entries: 200 });
  assert.equal(reclaim.action.plan(stepAt(3, 40, { binding: 'worker' })), undefined);
});

test('with nothing registered and no garbage there is nothing to plan', () => {
  assert.equal(scriptedProcess().reclaim.action.plan(stepAt(3, 40)), undefined);
});

test('an unbounded cache that fills a container at 200 MB/s: it never gets to its limit, and little time goes into collecting', async () => {
  const script = scriptedProcess({ msPerMib: 0.3 });
  const { reclaim, cache, memory, now, pass } = script;
  const pages = cache({ entries: 1 });
  const limitBytes = 256 * MIB;
  const TICK_MS = 50;
  let collectingMs = 0;
  let most = 0;
  const startMs = now();
  while (now() - startMs < 20_000) {
    pages.entryCount += 10;
    memory.liveBytes += 10 * MIB;
    pass(TICK_MS);
    const reusedBytes = Math.min(memory.idleBytes, 10 * MIB);
    memory.idleBytes -= reusedBytes;
    // as the registry does at each sample
    if (pages.capEntries !== undefined)
      pages.evict(Math.max(0, pages.entryCount - pages.capEntries) * MIB, () => false);
    const rssBytes = memory.liveBytes + memory.garbageBytes + memory.idleBytes + memory.otherBytes;
    const ratio = rssBytes / limitBytes;
    most = Math.max(most, ratio);
    const level = ratio >= 0.92 ? 3 : ratio >= 0.82 ? 2 : ratio >= 0.7 ? 1 : 0;
    const headroomBytes = limitBytes - rssBytes;
    const step = stepAt(level, ([0, 0.15, 0.3, 0.5][level] ?? 0) * (rssBytes / MIB), {
      pressureRatio: ratio,
      headroomBytes,
      timeToLimitSeconds: headroomBytes / (200 * MIB),
    });
    reclaim.tick(levelName(level), headroomBytes);
    if (level === 0 || reclaim.action.plan(step) === undefined) continue;
    const beforeMs = now();
    await reclaim.action.run(step, signal);
    collectingMs += now() - beforeMs;
  }
  assert.ok(most < 0.95, `most ${most}`);
  assert.ok(collectingMs < 0.2 * 20_000, `${Math.round(collectingMs)} ms of 20 s`);
  assert.ok(pages.entryCount > 10, `${pages.entryCount} entries are left`);
});
