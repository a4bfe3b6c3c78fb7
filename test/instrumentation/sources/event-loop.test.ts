import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { COL, createRow } from '../../../agent/model/row.ts';
import { createEventLoopSource } from '../../../instrumentation/sources/event-loop.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

const DELAYS = [
  'loopDelayMinSeconds',
  'loopDelayMaxSeconds',
  'loopDelayMeanSeconds',
  'loopDelayStddevSeconds',
  'loopDelayP50Seconds',
  'loopDelayP90Seconds',
  'loopDelayP99Seconds',
] as const;

sourceContract({
  module: 'instrumentation/sources/event-loop.ts',
  factory: 'createEventLoopSource',
  create: createEventLoopSource,
  mayBeAbsent: DELAYS,
  garbageBytes: 300,
});

function delaysAfter(latenessMs: readonly (readonly [atMs: number, lateMs: number])[], readAtMs: number) {
  let nowMs = 0;
  const source = createEventLoopSource(createWorld({ monotonicMs: () => nowMs }));
  for (const [atMs, lateMs] of latenessMs) {
    nowMs = atMs;
    source.recordLateness(lateMs);
  }
  nowMs = readAtMs;
  const row = createRow();
  source.read(row);
  return DELAYS.map((name) => Math.round((row[COL[name]] ?? 0) * 1e6) / 1e3);
}

test('tells the delays of the ticks of the last ten seconds, whatever their order', () => {
  // min, max, mean, standard deviation, p50, p90, p99 of 1, 2, … 10 ms
  const ticks = [7, 3, 10, 1, 9, 5, 2, 8, 4, 6].map((lateMs, i) => [i * 100, lateMs] as const);
  assert.deepEqual(delaysAfter(ticks, 1000), [1, 10, 5.5, 2.872, 5, 9, 10]);
});

test('forgets ticks older than ten seconds, and more than 64 of them', () => {
  assert.deepEqual(
    delaysAfter(
      [
        [0, 500],
        [5000, 2],
      ],
      10_001,
    ),
    [2, 2, 2, 0, 2, 2, 2],
  );
  const many = Array.from({ length: 65 }, (_, i) => [i, i === 0 ? 500 : 3] as const);
  assert.deepEqual(delaysAfter(many, 100), [3, 3, 3, 0, 3, 3, 3]);
});

test('tells no delay while no tick is known', () => {
  assert.deepEqual(
    delaysAfter([], 0),
    DELAYS.map(() => Number.NaN),
  );
  assert.deepEqual(
    delaysAfter([[0, 5]], 60_000),
    DELAYS.map(() => Number.NaN),
  );
});

test('tells how busy the loop was since the previous read, not since the start', async () => {
  const source = createEventLoopSource(createWorld());
  const row = createRow();
  await sleep(60); // an idle loop is what this is about
  source.read(row);
  const end = performance.now() + 60;
  while (performance.now() < end);
  // The loop books active time when it turns.
  await new Promise(setImmediate);
  source.read(row);
  assert.ok((row[COL.loopUtilizationRatio] ?? 0) > 0.9, `busy: ${row[COL.loopUtilizationRatio]}`);
  const active = row[COL.loopActiveSeconds] ?? 0;
  await sleep(60);
  source.read(row);
  assert.ok((row[COL.loopUtilizationRatio] ?? 1) < 0.5, `idle: ${row[COL.loopUtilizationRatio]}`);
  assert.ok((row[COL.loopActiveSeconds] ?? 0) >= active);
  assert.ok((row[COL.loopIdleSeconds] ?? 0) >= 0.1);
});
