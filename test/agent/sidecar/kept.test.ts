/** What the sidecar keeps of its processes: history, events, slots. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NotedEvent } from '../../../agent/model/note.ts';
import { COL, createRow, type ColumnName, type Row } from '../../../agent/model/row.ts';
import type { RingHeader } from '../../../agent/record/header.ts';
import { createEventLog, createFreshEvents, MAX_EVENTS } from '../../../agent/sidecar/event-log.ts';
import { createHistory } from '../../../agent/sidecar/history.ts';
import { createFleetSlots } from '../../../agent/sidecar/slots.ts';

const NOW_MS = 1_795_300_000_000;

function row(values: Partial<Record<ColumnName, number>>): Row {
  const made = createRow();
  for (const [name, value] of Object.entries(values)) made[COL[name as ColumnName]] = value;
  return made;
}

test('history keeps a row each ten seconds over two hours, with a peak between and the use of the binding constraint', () => {
  const history = createHistory();
  for (let second = 0; second < 3 * 3600; second += 1) {
    const pressureRatio = second === 10_705 ? 0.99 : 0.5;
    history.push(
      row({
        wallMs: NOW_MS + second * 1000,
        pressureRatio,
        level: 0,
        bindingConstraint: 1,
        containerUsageBytes: second * 2 ** 20,
        containerLimitBytes: 2 ** 30,
        heapUsageBytes: 7,
      }),
    );
  }
  const rows = history.rows(0);
  assert.equal(rows.length, 720);
  const times = rows.map((each) => each[COL.wallMs] ?? 0);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  assert.equal(times.at(-1), NOW_MS + 10_799_000);
  assert.equal((times.at(-1) ?? 0) - (times[0] ?? 0), 7_190_000);
  const peaks = rows.filter((each) => (each[COL.pressureRatio] ?? 0) > 0.9);
  assert.equal(peaks.length, 1);
  assert.equal(peaks[0]?.[COL.wallMs], NOW_MS + 10_709_000);
  assert.equal(rows.at(-1)?.[COL.containerUsageBytes], 10_799 * 2 ** 20);
  assert.equal(rows.at(-1)?.[COL.containerLimitBytes], 2 ** 30);
  assert.ok(Number.isNaN(rows.at(-1)?.[COL.heapUsageBytes]));
  assert.equal(history.rows(NOW_MS + 10_790_000).length, 1);
  history.clear();
  assert.deepEqual(history.rows(0), []);
  history.push(row({ wallMs: NOW_MS }));
  assert.equal(history.rows(0).length, 1);
});

test('a wall clock that was set back loses nothing and repeats nothing', () => {
  const history = createHistory();
  for (const atMs of [0, 20_000, -600_000, 21_000]) history.push(row({ wallMs: NOW_MS + atMs }));
  assert.equal(history.rows(-Infinity).length, 2);
});

const event = (wallMs: number, text: string): NotedEvent => ({
  name: 'plimsoll.agent.degraded',
  wallMs,
  severity: 'WARN',
  text,
  attributes: {},
});

test('of a note only the events are told that the note before had not', () => {
  const fresh = createFreshEvents();
  const [a, b, c, d] = [event(1, 'a'), event(2, 'b'), event(2, 'c'), event(3, 'd')];
  assert.deepEqual(fresh([a, b]), [a, b]);
  assert.deepEqual(fresh([a, b]), []);
  assert.deepEqual(fresh([a, b, c]), [c]);
  assert.deepEqual(fresh([b, c, d]), [d]);
});

test('the log has the newest first, at most a thousand, none older than two days, in order of time', () => {
  const log = createEventLog();
  log.add({ instanceId: 'x', event: event(NOW_MS - 49 * 3_600_000, 'old') });
  for (let index = 0; index < MAX_EVENTS + 10; index += 1)
    log.add({ instanceId: 'x', event: event(NOW_MS + index, '') });
  log.add({ instanceId: 'y', event: event(NOW_MS + 500, 'late') });
  const list = log.list(NOW_MS);
  assert.equal(list.length, MAX_EVENTS);
  const times = list.map((each) => each.event.wallMs);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => other - one),
  );
  assert.ok(list.some((each) => each.event.text === 'late'));
  assert.deepEqual(createEventLog().list(NOW_MS), []);
  log.limit(3);
  assert.equal(log.list(NOW_MS).length, 3);
});

function header(serviceName: string, process: string, container = 'app'): RingHeader {
  return { identity: { serviceName, process, resource: { 'k8s.container.name': container } } } as unknown as RingHeader;
}

test('slots are counted by service and container, and used again', () => {
  const slots = createFleetSlots();
  assert.equal(slots.take(header('shop', 'main')), 'main');
  assert.equal(slots.take(header('shop', 'main')), 'worker-1');
  assert.equal(slots.take(header('shop', 'main', 'other')), 'main');
  assert.equal(slots.take(header('mail', 'main')), 'main');
  slots.giveBack(header('shop', 'main'), 'main');
  assert.equal(slots.take(header('shop', 'main')), 'main');
});
