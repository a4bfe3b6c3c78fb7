/** The cgroup source in a real cgroup v2 hierarchy, booted once in a virtual machine: scripts/cgroup2-vm/run.sh. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { fromJson } from './cgroup-json.ts';
import { STORY_CHECKS, type Story } from './cgroup-story.ts';

const RUN = fileURLToPath(new URL('../../scripts/cgroup2-vm/run.sh', import.meta.url));
const INSIDE = fileURLToPath(new URL('cgroup-v2-inside.ts', import.meta.url));
/** Of run.sh: the machine cannot be started here. */
const UNUSABLE = 125;

const machine = spawnSync(RUN, [process.execPath, ...process.execArgv, INSIDE], {
  encoding: 'utf8',
  env: { ...process.env, VM_TIMEOUT: '120' },
  maxBuffer: 16 << 20,
});
const unusable = machine.error?.message ?? (machine.status === UNUSABLE ? machine.stderr.trim() : undefined);

describe('the cgroup source in a real cgroup v2', { skip: unusable ?? false }, () => {
  const output = `status ${machine.status}\n${machine.stdout}\n${machine.stderr}`;
  const json = /^STORY (.*)$/m.exec(machine.stdout)?.[1];

  test('lives its story in the machine', () => {
    assert.ok(machine.status === 0 && json !== undefined, output);
  });
  if (json === undefined) return;
  const story = fromJson(json) as Story;

  for (const [name, check] of Object.entries(STORY_CHECKS)) test(name, () => check(story));

  test('has every reading, PSI of the group among them', () => {
    assert.equal(story.version, 2);
    assert.deepEqual(story.atStart.gaps, []);
    assert.equal(story.atStart.facts['psi'], true);
    const [before, after] = [story.atStart, story.afterKill].map(({ columns }) => columns.cgroupStallSomeSeconds);
    assert.ok(
      (after ?? 0) > (before ?? 0),
      `stalls went from ${before} to ${after} s while the group ran into its limit`,
    );
  });

  test('takes memory.high and its use from the level that has one', () => {
    const columns = story.afterHigh?.columns;
    assert.equal(columns?.cgroupHighLimitBytes, 150 << 20);
    assert.equal(columns.cgroupHighUnreclaimableBytes, columns.cgroupUnreclaimableBytes);
    assert.equal(story.atStart.columns.cgroupHighLimitBytes, Number.POSITIVE_INFINITY);
  });

  test('counts the events of the group that binds', () => {
    const [before, after] = [story.beforeKill.columns, story.afterKill.columns];
    assert.ok(after.cgroupEventsOom > before.cgroupEventsOom);
    assert.equal(after.cgroupEventsLow, 0);
  });
});
