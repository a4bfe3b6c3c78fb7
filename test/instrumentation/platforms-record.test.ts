/** The recorder of test/fixtures/platforms, on whatever this machine is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, hostname, totalmem, userInfo } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { COL, createRow } from '../../agent/model/row.ts';
import { createHostSource } from '../../instrumentation/sources/host.ts';
import { createProcessSource } from '../../instrumentation/sources/process.ts';
import { createV8Source } from '../../instrumentation/sources/v8.ts';
import { createWorld } from '../contracts/source.ts';
import { type PlatformRecording, runtimeOf } from '../helpers/platform-recording.ts';

interface Recorded extends PlatformRecording {
  readonly arch: string;
  readonly paths: Readonly<Record<string, boolean>>;
  readonly collections: readonly { readonly kind: string; readonly durationMs: number }[];
  readonly errors: readonly string[];
}

const RECORDER = fileURLToPath(new URL('../../scripts/record-platform.ts', import.meta.url));
const { stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, RECORDER], { encoding: 'utf8' });
const recorded = JSON.parse(stdout || '{}') as Recorded;

test('records this machine: what it is, and every call of every moment', () => {
  assert.equal(recorded.platform, process.platform, stderr);
  assert.equal(recorded.arch, process.arch);
  assert.deepEqual(recorded.errors, []);
  assert.equal(recorded.paths['/proc/meminfo'], existsSync('/proc/meminfo'));
  assert.ok(recorded.collections.filter(({ kind }) => kind === 'major').length >= 2);
  for (const moment of recorded.moments) {
    assert.equal(moment.totalMemoryBytes, totalmem());
    for (const call of Object.keys(runtimeOf(recorded, moment))) {
      if (call !== 'versions') assert.ok(call in moment, call);
    }
  }
});

test('what was recorded stands in for the machine on any platform', () => {
  for (const platform of ['darwin', 'win32'] as const) {
    const rows = recorded.moments.map((moment) => {
      const versions = { ...recorded.versions, uv: '1.52.0' };
      const world = createWorld({ platform, runtime: runtimeOf({ ...recorded, versions }, moment) });
      const row = createRow();
      for (const create of [createV8Source, createProcessSource, createHostSource]) create(world).read(row);
      return row;
    });
    const [, withObjects, , withBuffer, atTheEnd] = rows;
    const at = (row: typeof withObjects, name: keyof typeof COL): number => row?.[COL[name]] ?? Number.NaN;
    assert.ok(at(withObjects, 'heapUsedBytes') > at(atTheEnd, 'heapUsedBytes') + 400_000 * 24);
    assert.ok(at(withBuffer, 'heapArrayBuffersBytes') >= 64 * 2 ** 20);
    assert.ok(at(withBuffer, 'processRssBytes') > at(withObjects, 'processRssBytes') + 32 * 2 ** 20);
    assert.ok(at(atTheEnd, 'hostAvailableBytes') > 0 && at(atTheEnd, 'hostAvailableBytes') < totalmem());
    assert.ok(at(atTheEnd, 'heapOldLimitBytes') > 2 ** 27);
  }
});

test('names no host, no user and no folder', () => {
  assert.ok(stdout.length > 1000, stderr);
  for (const name of [hostname(), homedir(), userInfo().username, process.cwd()]) {
    assert.ok(!stdout.includes(`${JSON.stringify(name).slice(1, -1)}"`) && !stdout.includes(`"${name}`), name);
  }
});
