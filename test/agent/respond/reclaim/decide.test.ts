import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decide, type Situation } from '../../../../agent/respond/reclaim/decide.ts';
import { MIB } from './scripted.ts';

/** High, pressing, nothing due; held as much as after the last reclaim. */
function situation(
  given: Partial<Omit<Situation, 'memory'>> & { readonly heldMib?: number; readonly rssMib?: number },
): Situation {
  const { heldMib = 100, rssMib = 160, ...others } = given;
  return {
    level: 2,
    targetBytes: 0,
    isPressing: true,
    isHeapBound: false,
    insideBytes: 0,
    headroomBytes: 40 * MIB,
    canAsk: true,
    canCollect: true,
    memory: { heldBytes: heldMib * MIB, heapBytes: 80 * MIB, heapIdleBytes: 0, rssBytes: rssMib * MIB },
    leftBytes: 100 * MIB,
    restedMs: 10_000,
    overBytes: 0,
    pendingBytes: 0,
    garbageRatio: 1,
    returnableBytes: 0,
    isTelling: true,
    predictMs: () => 50,
    line: { heldBytes: 100 * MIB, rssBytes: 160 * MIB, unreturnedBytes: 0 },
    ...others,
  };
}

test('the policy asks for its target, less what is promised and not collected yet', () => {
  const due = decide(situation({ targetBytes: 50 * MIB, pendingBytes: 20 * MIB, isPressing: false }));
  assert.equal(due?.by, 'policy');
  assert.equal(due?.evictBytes, 30 * MIB);
  assert.equal(due?.isCollecting, true);
});

test('what was freed and the kernel has not got back counts as given, until it is used again; for the heap it does not', () => {
  const line = { heldBytes: 100 * MIB, rssBytes: 160 * MIB, unreturnedBytes: 40 * MIB };
  const evicted = (given: Parameters<typeof situation>[0]): number | undefined =>
    decide(situation({ targetBytes: 50 * MIB, garbageRatio: 0, line, ...given }))?.evictBytes;
  assert.equal(evicted({}), 10 * MIB);
  assert.equal(evicted({ heldMib: 130 }), 40 * MIB);
  assert.equal(evicted({ rssMib: 180 }), 30 * MIB);
  assert.equal(evicted({ isHeapBound: true }), 50 * MIB);
});

test('a collection goes first where it may give a good part of the target, and caches are held where they are', () => {
  const first = (given: Parameters<typeof situation>[0]): boolean | undefined =>
    decide(situation({ targetBytes: 60 * MIB, ...given }))?.isCollectingFirst;
  assert.equal(first({ heldMib: 130 }), true);
  assert.equal(first({ heldMib: 110 }), false);
  assert.equal(first({ heldMib: 110, returnableBytes: 30 * MIB }), true);
  assert.equal(first({ heldMib: 130, isTelling: false }), false);
});

test('with nobody to ask, garbage is collected from high on where it is likely, and not at elevated', () => {
  const alone = (given: Parameters<typeof situation>[0]): boolean | undefined =>
    decide(situation({ targetBytes: 60 * MIB, canAsk: false, isPressing: false, ...given }))?.isCollecting;
  assert.equal(alone({ heldMib: 130 }), true);
  assert.equal(alone({ heldMib: 130, level: 1 }), undefined);
  assert.equal(alone({ heldMib: 104 }), undefined);
  assert.equal(alone({ heldMib: 130, garbageRatio: 0.1 }), undefined, 'the last ones found next to nothing');
  assert.equal(alone({ heldMib: 130, predictMs: () => 201 }), undefined, 'too long');
  assert.equal(alone({ heldMib: 130, canCollect: false }), undefined);
});

test('where it presses garbage is collected when there is enough, and seldom: a tenth of the time is the most', () => {
  const collects = (given: Parameters<typeof situation>[0]): boolean => decide(situation(given))?.isCollecting ?? false;
  assert.equal(collects({ heldMib: 120, restedMs: 600 }), true);
  assert.equal(collects({ heldMib: 120, restedMs: 400 }), false, '50 ms every 400 ms');
  assert.equal(collects({ heldMib: 106 }), false, 'less than it is worth');
  assert.equal(collects({ heldMib: 120, restedMs: 800, level: 1 }), false, 'at elevated half as often');
  assert.equal(collects({ heldMib: 120, isPressing: false }), false);
});

test('where garbage is as much as what is left it is collected at once, and caches shrink so that it costs less', () => {
  const decision = decide(situation({ heldMib: 145, restedMs: 100 }));
  assert.equal(decision?.isCollecting, true);
  assert.equal(decision?.evictBytes, 14.5 * MIB);
});

test('what grows and is no garbage is given back by the caches, from high on', () => {
  const evicted = (given: Parameters<typeof situation>[0]): number =>
    decide(situation({ garbageRatio: 0, ...given }))?.evictBytes ?? 0;
  assert.equal(evicted({ heldMib: 120 }), 20 * MIB);
  assert.equal(evicted({ heldMib: 120, pendingBytes: 15 * MIB }), 5 * MIB);
  assert.equal(evicted({ heldMib: 120, level: 1 }), 0);
  assert.equal(evicted({ heldMib: 100.5 }), 0, 'not worth asking');
});

test('caches that fill faster than they are trimmed are no garbage: they are asked', () => {
  const decision = decide(situation({ heldMib: 130, overBytes: 30 * MIB, restedMs: 100 }));
  assert.equal(decision?.evictBytes, 30 * MIB);
  assert.equal(decision?.garbageBytes, 0);
});

test('where nothing presses and nothing is due, nothing is done', () => {
  assert.equal(decide(situation({ isPressing: false, heldMib: 180 })), undefined);
});
