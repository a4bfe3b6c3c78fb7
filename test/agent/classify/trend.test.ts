import assert from 'node:assert/strict';
import { test } from 'node:test';

import { averagePressure, trend } from '../../../agent/classify/index.ts';
import { COL, createRow } from '../../../agent/model/row.ts';
import type { Window } from '../../../agent/model/window.ts';
import { createWindow } from '../../../agent/sample/window.ts';

/** One row a second: pressure, binding constraint and headroom by the second. */
function windowOf(
  seconds: number,
  at: (second: number) => { pressure: number; binding?: number; headroom?: number },
): Window {
  const window = createWindow();
  const row = createRow();
  for (let second = 0; second < seconds; second++) {
    const { pressure, binding = 1, headroom = Number.NaN } = at(second);
    row[COL.monotonicMs] = second * 1000;
    row[COL.pressureRatio] = pressure;
    row[COL.bindingConstraint] = binding;
    row[COL.headroomBytes] = headroom;
    window.push(row);
  }
  return window;
}

test('average pressure is the mean of the rows in that time', () => {
  const window = windowOf(100, (second) => ({ pressure: second < 90 ? 0.2 : 0.8 }));
  assert.ok(Math.abs(averagePressure(window, 9_000, 99_000) - 0.8) < 1e-9);
  assert.ok(Math.abs(averagePressure(window, 19_000, 99_000) - 0.5) < 1e-12);
});

test('average pressure over longer than the finest rows reach uses the coarser ones', () => {
  const window = windowOf(3600, (second) => ({ pressure: second < 1800 ? 0.2 : 0.6 }));
  assert.ok(Math.abs(averagePressure(window, 3_600_000, 3_599_000) - 0.4) < 1e-9);
  assert.ok(Math.abs(averagePressure(window, 600_000, 3_599_000) - 0.6) < 1e-9);
  assert.ok(Math.abs(averagePressure(window, 1e12, 3_599_000) - 0.4) < 1e-9);
});

test('without a sample in that time the average is 0 and the trend steady', () => {
  const window = windowOf(3, () => ({ pressure: Number.NaN }));
  assert.equal(averagePressure(window, 1000, 1e9), 0);
  assert.equal(averagePressure(window, 10_000, 3000), 0);
  assert.deepEqual(trend(window, 1e9), { direction: 'steady', pressurePerMinute: 0, bytesPerSecond: 0 });
  assert.deepEqual(trend(window, 3000), { direction: 'steady', pressurePerMinute: 0, bytesPerSecond: 0 });
});

test('the trend is the slope of the last minute', () => {
  const at = (perSecond: number) =>
    windowOf(200, (second) => ({ pressure: 0.5 + second * perSecond, headroom: 1e9 - second * perSecond * 1e9 }));
  const rising = trend(at(0.001), 199_000);
  assert.equal(rising.direction, 'rising');
  assert.ok(Math.abs(rising.pressurePerMinute - 0.06) < 1e-9);
  assert.ok(Math.abs(rising.bytesPerSecond - 1e6) < 1);
  const falling = trend(at(-0.001), 199_000);
  assert.equal(falling.direction, 'falling');
  assert.ok(falling.bytesPerSecond < 0);
  assert.equal(trend(at(0.0001), 199_000).direction, 'steady');
});

test('noise of two percent is steady', () => {
  const window = windowOf(200, (second) => ({ pressure: 0.5 + (((second * 7919) % 41) - 20) / 1000 }));
  assert.equal(trend(window, 199_000).direction, 'steady');
});

test('bytes per second are those of the constraint that binds now', () => {
  const window = windowOf(100, (second) =>
    second < 80
      ? { pressure: 0.5, binding: 0, headroom: 1e9 }
      : { pressure: 0.5, binding: 1, headroom: 5e8 - (second - 80) * 1e6 },
  );
  assert.ok(Math.abs(trend(window, 99_000).bytesPerSecond - 1e6) < 1e-3);
});
