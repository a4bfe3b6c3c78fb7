import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  createState,
  seedPoints,
  takeEvents,
  takePoints,
  takePostmortems,
  takeStatus,
  type FeedItem,
} from '../../../../agent/sidecar/page/browser/state.ts';
import { deathOf, pointOf, processOf } from '../../../browser/made-up.ts';

const NOW_MS = Date.now();

function stateWith(...instances: string[]) {
  const state = createState();
  takeStatus(state, {
    nowMs: NOW_MS,
    deaths: [],
    processes: instances.map((instance) => processOf({ instance, ratio: 0.4, wallMs: NOW_MS })),
  });
  return state;
}

test('a sample changes its process, and the moment of a new level is kept', () => {
  const state = stateWith('a', 'b');
  assert.equal(takePoints(state, [pointOf({ instance: 'a', ratio: 0.85, wallMs: NOW_MS + 1000 })]), false);
  const process = state.processes.get('a');
  assert.deepEqual([process?.level, process?.levelSinceMs, process?.sampleMs], ['high', NOW_MS + 1000, NOW_MS + 1000]);
  assert.equal(process?.constraints.find(({ constraint }) => constraint === 'container')?.utilizationRatio, 0.85);
  assert.equal(state.processes.get('b')?.level, 'normal');
});

test('a sample of a process that nobody knows asks for the status', () => {
  assert.equal(takePoints(stateWith('a'), [pointOf({ instance: 'new', ratio: 0.1 })]), true);
});

test('who is not in the status any more is forgotten, with its samples', () => {
  const state = stateWith('a', 'b');
  takePoints(state, [pointOf({ instance: 'a', ratio: 0.5, wallMs: NOW_MS + 1 })]);
  takeStatus(state, { nowMs: NOW_MS, deaths: [], processes: [processOf({ instance: 'b', ratio: 0.4 })] });
  assert.deepEqual([...state.processes.keys()], ['b']);
  assert.equal(state.points.has('a'), false);
});

test('samples are kept in order, once each, and not without end', () => {
  const state = stateWith('a');
  for (let second = 0; second < 500; second++)
    takePoints(state, [pointOf({ instance: 'a', ratio: 0.5, wallMs: NOW_MS + second })]);
  takePoints(state, [pointOf({ instance: 'a', ratio: 0.5, wallMs: NOW_MS + 499 })]);
  const kept = state.points.get('a') ?? [];
  assert.equal(kept.at(-1)?.wallMs, NOW_MS + 499);
  assert.equal(new Set(kept.map(({ wallMs }) => wallMs)).size, kept.length);
  assert.ok(kept.length <= 200, `${kept.length} samples are kept`);
});

test('what was before the page was opened goes before what came live', () => {
  const state = stateWith('a');
  takePoints(state, [pointOf({ instance: 'a', ratio: 0.5, wallMs: NOW_MS })]);
  seedPoints(
    state,
    [-20, -10, 0, 10].map((seconds) => pointOf({ instance: 'a', ratio: 0.3, wallMs: NOW_MS + seconds * 1000 })),
  );
  assert.deepEqual(
    state.points.get('a')?.map(({ wallMs }) => (wallMs - NOW_MS) / 1000),
    [-20, -10, 0],
  );
});

test('an event that is told and asked for is one line; two of the same moment that say different things are two', () => {
  const state = stateWith('a');
  const told = (wallMs: number, text: string): FeedItem => ({
    instance: 'a',
    wallMs,
    severity: 'ERROR',
    name: 'plimsoll.pressure.changed',
    text,
  });
  takeEvents(state, [told(NOW_MS, 'high')]);
  takeEvents(state, [told(NOW_MS, 'high'), told(NOW_MS, 'other'), told(NOW_MS - 1, 'elevated')]);
  assert.deepEqual(state.feed.map(({ text }) => text).toSorted(), ['elevated', 'high', 'other']);
  assert.equal(state.feed.at(-1)?.text, 'elevated', 'newest first');
});

test('a post-mortem that is told twice is one, the newest first', () => {
  const state = stateWith();
  const first = deathOf('a', 'first', { diedMs: NOW_MS - 5000 });
  takePostmortems(state, [first]);
  takePostmortems(state, [deathOf('b', 'second', { diedMs: NOW_MS }), first]);
  assert.deepEqual(
    state.postmortems.map(({ instance }) => instance),
    ['b', 'a'],
  );
});
