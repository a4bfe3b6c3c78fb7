/** The report's text: what is in it, how large it may be, and what it costs the event loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reportText } from '../../../agent/capture/report.ts';
import { IDLE_ASSESSMENT } from '../../../agent/model/handle.ts';
import { RESOLUTIONS, WINDOW_COLUMNS, type HistoryRow } from '../../../agent/model/window.ts';
import { cacheStatus, ordinarySnapshot, worstCaseSnapshot } from '../../helpers/snapshot.ts';

const AT_MS = Date.UTC(2026, 10, 22, 10, 15);
const critical = { ...IDLE_ASSESSMENT, level: 3, binding: 'container', pressureRatio: 0.95 } as const;

function historyOf(rows: number): readonly HistoryRow[] {
  return Array.from({ length: rows }, (_, row) => {
    const values = WINDOW_COLUMNS.map((column, index) => [column, row * 1e9 + index / 3 + 0.5] as const);
    return Object.fromEntries(values) as HistoryRow;
  });
}

const longest = historyOf(RESOLUTIONS[0].rows);

test('it has what is known and nothing else', () => {
  const report = JSON.parse(reportText(ordinarySnapshot(), critical, historyOf(2), AT_MS)) as Record<string, unknown>;
  assert.deepEqual(Object.keys(report), [
    'report',
    'at',
    'process',
    'assessment',
    'readings',
    'caches',
    'reclaimed',
    'actions',
    'shed',
    'adaptives',
    'degraded',
    'history',
  ]);
  assert.equal(report['at'], '2026-11-22T10:15:00.000Z');
  assert.deepEqual(report['process'], {
    serviceName: 'shop',
    serviceInstanceId: '20261122T101500Z-a1b2c3d4',
    slot: 'main',
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    nodeVersion: '24.21.0',
    agentVersion: '0.1.0',
    mode: 'protect',
    exporter: 'prometheus',
  });
  const { level, pressureRatio } = report['assessment'] as Record<string, unknown>;
  assert.deepEqual([level, pressureRatio], ['critical', 0.95]);
  assert.equal((report['readings'] as Record<string, unknown>)['processRssBytes'], 300 * 2 ** 20);
  assert.deepEqual((report['history'] as { rows: number[][] }).rows[1]?.slice(0, 3), [1e9 + 1, 1e9 + 1, 1e9 + 1]);
});

test('resource attributes, which come from the environment, are not in it', () => {
  const { identity } = ordinarySnapshot();
  const snapshot = { ...ordinarySnapshot(), identity: { ...identity, resource: { 'api.token': 'hunter2' } } };
  assert.doesNotMatch(reportText(snapshot, critical, [], AT_MS), /hunter2|api\.token/);
});

test('of a thousand caches the largest are in it', () => {
  const caches = Array.from({ length: 1000 }, (_, index) => cacheStatus(`c${index}`, { bytes: index }));
  const report = JSON.parse(reportText({ ...ordinarySnapshot(), caches }, critical, [], AT_MS)) as {
    caches: { name: string }[];
  };
  assert.equal(report.caches.length, 50);
  assert.equal(report.caches[0]?.name, 'c999');
});

test('with everything at its longest it stays under 256 kB, by leaving out the oldest history', () => {
  const caches = Array.from({ length: 1000 }, (_, index) => cacheStatus(`${index}${'ü'.repeat(1000)}`));
  const text = reportText({ ...worstCaseSnapshot(), caches }, critical, longest, AT_MS);
  assert.ok(Buffer.byteLength(text) <= 256 * 1024, `${Buffer.byteLength(text)} bytes`);
  const { rows } = (JSON.parse(text) as { history: { rows: number[][] } }).history;
  assert.ok(rows.length > 50, `${rows.length} rows`);
  assert.deepEqual(rows.at(-1)?.[0], 599e9 + 1);
});

test('ten minutes of history fit, and take the event loop less than 10 ms', () => {
  // the best of several: other processes share the machine, and the first compiles
  let bestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 10; run++) {
    const startMs = performance.now();
    const text = reportText(ordinarySnapshot(), critical, longest, AT_MS);
    bestMs = Math.min(bestMs, performance.now() - startMs);
    assert.equal((JSON.parse(text) as { history: { rows: unknown[] } }).history.rows.length, 600);
  }
  assert.ok(bestMs < 10, `${bestMs} ms`);
});
