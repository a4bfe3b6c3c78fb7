import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { COL, createRow, type Row } from '../../../agent/model/row.ts';
import { createHostSource } from '../../../instrumentation/sources/host.ts';
import { nodeRuntime } from '../../../instrumentation/sources/runtime.ts';
import { createWorld, sourceContract } from '../../contracts/source.ts';

sourceContract({
  module: 'instrumentation/sources/host.ts',
  factory: 'createHostSource',
  create: createHostSource,
  garbageBytes: 450,
});

function hostOf(meminfo: string): { row: Row; gaps: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'host-'));
  mkdirSync(join(root, 'proc'));
  writeFileSync(join(root, 'proc/meminfo'), meminfo);
  const source = createHostSource(createWorld({ root, platform: 'linux' }));
  const row = createRow();
  source.read(row);
  const gaps = source.unavailable().map((gap) => `${gap.reading} ${gap.code}`);
  source.close();
  rmSync(root, { recursive: true });
  return { row, gaps };
}

test('reads meminfo in bytes, and available memory rather than free memory', () => {
  const { row, gaps } = hostOf(
    'MemTotal:       24684112 kB\nMemFree:        22345088 kB\nMemAvailable:   24135180 kB\nSwapCached: 1 kB\nSwapTotal:  2048 kB\nSwapFree:   1024 kB\n',
  );
  assert.equal(row[COL.hostTotalBytes], 24_684_112 * 1024);
  assert.equal(row[COL.hostAvailableBytes], 24_135_180 * 1024);
  assert.equal(row[COL.hostSwapTotalBytes], 2048 * 1024);
  assert.equal(row[COL.hostSwapFreeBytes], 1024 * 1024);
  assert.deepEqual(gaps, []);
});

test('says that a kernel before 3.14 does not tell available memory', () => {
  const { row, gaps } = hostOf('MemTotal: 100 kB\nMemFree: 50 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n');
  assert.equal(row[COL.hostAvailableBytes], Number.NaN);
  assert.equal(row[COL.hostTotalBytes], 102_400);
  assert.deepEqual(gaps, ['hostAvailableBytes malformed']);
});

test('agrees with the machine', { skip: process.platform === 'linux' ? false : 'reads /proc/meminfo' }, () => {
  const source = createHostSource(createWorld());
  const row = createRow();
  source.read(row);
  source.close();
  const total = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  assert.equal(row[COL.hostTotalBytes], Number(total) * 1024);
});

function offLinux(platform: NodeJS.Platform, uv: string): { row: Row; gaps: string[] } {
  const runtime = { ...nodeRuntime, versions: { ...nodeRuntime.versions, uv }, availableMemoryBytes: () => 12e9 };
  const source = createHostSource(createWorld({ platform, runtime }));
  const row = createRow();
  source.read(row);
  return { row, gaps: source.unavailable().map((gap) => `${gap.reading} ${gap.code}`) };
}

const NO_SWAP = ['hostSwapTotalBytes platform', 'hostSwapFreeBytes platform'];

test('off Linux takes what Node tells of the machine and leaves swap out', () => {
  for (const { row, gaps } of [
    offLinux('darwin', '1.52.0'),
    offLinux('darwin', '2.0.0'),
    offLinux('win32', '1.49.2'),
  ]) {
    assert.equal(row[COL.hostTotalBytes], totalmem());
    assert.equal(row[COL.hostAvailableBytes], 12e9);
    assert.deepEqual(gaps, NO_SWAP);
  }
});

test('takes free memory for no available memory, where that is all that libuv tells', () => {
  for (const { row, gaps } of [offLinux('darwin', '1.51.0'), offLinux('freebsd', '1.52.1')]) {
    assert.equal(row[COL.hostAvailableBytes], Number.NaN);
    assert.deepEqual(gaps, ['hostAvailableBytes platform', ...NO_SWAP]);
  }
});
