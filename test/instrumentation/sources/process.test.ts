import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { COL, createRow, type Row } from '../../../agent/model/row.ts';
import type { World } from '../../../agent/model/source.ts';
import { createProcessSource } from '../../../instrumentation/sources/process.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

sourceContract({
  module: 'instrumentation/sources/process.ts',
  factory: 'createProcessSource',
  create: createProcessSource,
  world: { processBudgetBytes: 2 ** 30 },
  garbageBytes: process.platform === 'linux' ? 150 : 500, // elsewhere Node.js makes an object of sixteen numbers
});

function read(overrides: Partial<World>): { row: Row; gaps: string[] } {
  const source = createProcessSource(createWorld(overrides));
  const row = createRow();
  source.read(row);
  const gaps = source.unavailable().map((gap) => `${gap.reading} ${gap.code}`);
  source.close();
  return { row, gaps };
}

function readTree(statm: string, stat: string): { row: Row; gaps: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'process-'));
  mkdirSync(join(root, 'proc/self'), { recursive: true });
  writeFileSync(join(root, 'proc/self/statm'), statm);
  writeFileSync(join(root, 'proc/self/stat'), stat);
  try {
    return read({ root, platform: 'linux' });
  } finally {
    rmSync(root, { recursive: true });
  }
}

const LINUX_ONLY = { skip: process.platform === 'linux' ? false : 'needs the page size of a Linux machine' };

test('reads resident and virtual memory from statm in pages, and faults from stat', LINUX_ONLY, () => {
  const pageBytes = Number(createProcessSource(createWorld()).facts()['pageSizeBytes']);
  const { row, gaps } = readTree(
    '351983 14816 11315 10939 0 144456 0\n',
    '7 (node) R 1 1 1 0 -1 4194560 4399 5 13 6 35 35\n',
  );
  assert.equal(row[COL.processVirtualBytes], 351_983 * pageBytes);
  assert.equal(row[COL.processRssBytes], 14_816 * pageBytes);
  assert.equal(row[COL.processMinorFaults], 4399);
  assert.equal(row[COL.processMajorFaults], 13);
  assert.deepEqual(gaps, []);
});

test('is not misled by a process title with blanks and parentheses', () => {
  const { row } = readTree('1 1 1\n', '7 (a) 1 2 3 (b c) S 1 1 1 0 -1 4194560 70 5 80 6 35 35\n');
  assert.equal(row[COL.processMinorFaults], 70);
  assert.equal(row[COL.processMajorFaults], 80);
});

test('leaves out what a truncated file does not hold', () => {
  const { row, gaps } = readTree('100', '7 (node) R 1 1');
  assert.equal(row[COL.processMinorFaults], Number.NaN);
  assert.equal(row[COL.processRssBytes], Number.NaN);
  assert.deepEqual(gaps, [
    'processRssBytes malformed',
    'processVirtualBytes malformed',
    'processMinorFaults malformed',
    'processMajorFaults malformed',
  ]);
});

test('probes RSS only when there is a budget for it', () => {
  const without = createProcessSource(createWorld());
  assert.ok(!('probe' in without) && !('probed' in without));
  without.close();
});

test('sees memory that the process touches', LINUX_ONLY, () => {
  const source = createProcessSource(createWorld({ processBudgetBytes: 2 ** 30 }));
  const row = createRow();
  source.read(row);
  const before = row[COL.processRssBytes] ?? 0;
  const faults = row[COL.processMinorFaults] ?? 0;
  const touched = Buffer.alloc(64 * 2 ** 20, 1);
  source.probe?.(row);
  // Half of it: V8 may give other memory back meanwhile.
  assert.ok((row[COL.processRssBytes] ?? 0) - before > touched.length / 2);
  source.read(row);
  assert.ok((row[COL.processMinorFaults] ?? 0) > faults);
  source.close();
});

test('counts the faults that getrusage counts', LINUX_ONLY, () => {
  const before = process.resourceUsage();
  const { row } = read({});
  const after = process.resourceUsage();
  const [minor = Number.NaN, major = Number.NaN] = [row[COL.processMinorFaults], row[COL.processMajorFaults]];
  assert.ok(minor >= before.minorPageFault && minor <= after.minorPageFault);
  assert.ok(major >= before.majorPageFault && major <= after.majorPageFault);
});

test('off Linux takes what Node tells and leaves virtual memory out', () => {
  const before = process.memoryUsage.rss();
  const { row, gaps } = read({ platform: 'darwin' });
  const after = process.memoryUsage.rss();
  const rss = row[COL.processRssBytes] ?? Number.NaN;
  assert.ok(rss >= 0.95 * Math.min(before, after) && rss <= 1.05 * Math.max(before, after));
  assert.ok((row[COL.processMinorFaults] ?? 0) > 0);
  assert.ok((row[COL.processUptimeSeconds] ?? 0) > 0);
  assert.deepEqual(gaps, ['processVirtualBytes platform']);
});
