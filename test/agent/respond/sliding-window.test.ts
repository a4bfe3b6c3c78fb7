import assert from 'node:assert/strict';
import test from 'node:test';

import { createSlidingWindow } from '../../../agent/respond/sliding-window.ts';

test('there is room again when the oldest of the latest is as old as the window', () => {
  const window = createSlidingWindow(2, 1_000);
  window.add(0);
  window.add(400);
  assert.deepEqual([window.hasRoom(999), window.hasRoom(1_000)], [false, true]);
  window.add(1_000);
  assert.deepEqual([window.hasRoom(1_399), window.hasRoom(1_400)], [false, true]);
});

test('what is taken back makes room, and the one before it counts again', () => {
  const window = createSlidingWindow(2, 1_000);
  for (const atMs of [0, 400, 1_000]) window.add(atMs);
  window.undo();
  assert.equal(window.hasRoom(1_000), true);
  window.add(1_000);
  assert.deepEqual([window.hasRoom(1_399), window.hasRoom(1_400)], [false, true]);
});
