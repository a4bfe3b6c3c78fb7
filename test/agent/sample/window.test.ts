import assert from 'node:assert/strict';
import { test } from 'node:test';

import { COL, createRow, type ColumnName } from '../../../agent/model/row.ts';
import { RESOLUTIONS, WINDOW_COLUMNS, type HistoryRow, type Window } from '../../../agent/model/window.ts';
import { createWindow } from '../../../agent/sample/window.ts';

const row = createRow();

function push(window: Window, monotonicMs: number, values: Partial<Record<ColumnName, number>> = {}): void {
  row.fill(Number.NaN);
  row[COL.monotonicMs] = monotonicMs;
  for (const [name, value] of Object.entries(values) as [ColumnName, number][]) row[COL[name]] = value;
  window.push(row);
}

function times(rows: readonly HistoryRow[]): (number | undefined)[] {
  return rows.map(({ monotonicMs }) => monotonicMs);
}

test('an empty window has no rows in any resolution', () => {
  const window = createWindow();
  for (const { name } of RESOLUTIONS) assert.deepEqual(window.rows(name, -Infinity), []);
});

test('a row has the columns of the window and nothing where a reading was not to be had', () => {
  const window = createWindow();
  push(window, 1500, { wallMs: 1.8e12, level: 2, pressureRatio: 0.83, processRssBytes: 1e8 });
  const [found] = window.rows('1s', 0);
  assert.ok(found);
  assert.deepEqual(Object.keys(found), [...WINDOW_COLUMNS]);
  assert.equal(found.wallMs, 1.8e12);
  assert.equal(found.processRssBytes, 1e8);
  assert.equal(found.cgroupLimitBytes, undefined);
  assert.ok('cgroupLimitBytes' in found);
});

test('the last value of an interval wins, but for pressure and level the highest', () => {
  const window = createWindow();
  push(window, 10_000, { level: 1, pressureRatio: 0.7, processRssBytes: 1 });
  push(window, 10_400, { level: 3, pressureRatio: 0.95, processRssBytes: 2 });
  push(window, 10_900, { level: 2, pressureRatio: 0.6, processRssBytes: 3 });
  push(window, 11_100, { level: 0, pressureRatio: 0.1, processRssBytes: 4 });
  const seen = (resolution: '1s' | '10s'): unknown[] =>
    window
      .rows(resolution, 0)
      .map((found) => [found.monotonicMs, found.level, found.pressureRatio, found.processRssBytes]);
  assert.deepEqual(seen('1s'), [
    [10_900, 3, 0.95, 3],
    [11_100, 0, 0.1, 4],
  ]);
  assert.deepEqual(seen('10s'), [[11_100, 3, 0.95, 4]]);
});

test('each resolution keeps its number of intervals, oldest first', () => {
  const window = createWindow();
  const seconds = 48 * 3600 + 5000;
  for (let second = 0; second < seconds; second += 10) push(window, second * 1000 + 1);
  for (const { name, intervalMs, rows } of RESOLUTIONS) {
    const found = times(window.rows(name, -Infinity));
    assert.equal(found.length, rows);
    assert.equal(found.at(-1), (seconds - 10) * 1000 + 1);
    const step = Math.max(10_000, intervalMs);
    assert.ok(found.every((ms, index) => index === 0 || (ms ?? 0) - (found[index - 1] ?? 0) <= step));
    assert.deepEqual(
      found,
      found.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    );
  }
});

test('a peak goes with its interval when the place is used again', () => {
  const window = createWindow();
  for (let second = 0; second < 600; second++) push(window, second * 1000, { level: 3, pressureRatio: 0.99 });
  push(window, 600_000, { level: 0, pressureRatio: 0.1 });
  const last = window.rows('1s', 600_000)[0];
  assert.deepEqual([last?.level, last?.pressureRatio], [0, 0.1]);
});

test('rows since a time are those whose last sample is not older', () => {
  const window = createWindow();
  for (let second = 0; second < 10; second++) push(window, second * 1000 + 500);
  assert.deepEqual(times(window.rows('1s', 7500)), [7500, 8500, 9500]);
  assert.deepEqual(times(window.rows('1s', 7501)), [8500, 9500]);
  assert.deepEqual(window.rows('1s', Infinity), []);
});

test('a gap takes no place', () => {
  const window = createWindow();
  push(window, 0);
  push(window, 90_000);
  push(window, 1e9);
  assert.deepEqual(times(window.rows('1s', 0)), [0, 90_000, 1e9]);
});

test('a step of the wall clock moves nothing; a monotonic clock that runs backwards adds to the newest interval', () => {
  const window = createWindow();
  push(window, 1000, { wallMs: 5e12 });
  push(window, 2000, { wallMs: 1e12 });
  push(window, 500, { wallMs: 1e12 + 1, processRssBytes: 9 });
  assert.deepEqual(
    window.rows('1s', -Infinity).map(({ wallMs, processRssBytes }) => [wallMs, processRssBytes]),
    [
      [5e12, undefined],
      [1e12 + 1, 9],
    ],
  );
});

test('a sample without a time is not kept', () => {
  const window = createWindow();
  push(window, Number.NaN);
  push(window, Infinity);
  window.push(new Float64Array(0));
  assert.deepEqual(window.rows('1s', -Infinity), []);
});

test('a row that is shorter than the table is taken as far as it goes', () => {
  const window = createWindow();
  const short = new Float64Array(COL.monotonicMs + 1).fill(3);
  window.push(short);
  assert.equal(window.rows('1s', 0)[0]?.processRssBytes, undefined);
  assert.equal(window.rows('1s', 0)[0]?.wallMs, 3);
});

test('what was read stays as it was when later samples come', () => {
  const window = createWindow();
  push(window, 1000, { processRssBytes: 1 });
  const [before] = window.rows('1s', 0);
  push(window, 1500, { processRssBytes: 2 });
  assert.equal(before?.processRssBytes, 1);
});
