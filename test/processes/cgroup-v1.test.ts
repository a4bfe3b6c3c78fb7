/** The cgroup source in this machine's own cgroup v1 hierarchy: real limits, real page cache, a real kill. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createMemoryGroup, whyNoMemoryGroups } from '../helpers/memory-group.ts';
import { fromJson } from './cgroup-json.ts';
import { CACHE_BYTES, CHILD, type Reading, STORY_CHECKS, type Story, tellStory } from './cgroup-story.ts';

function whyNot(): string | undefined {
  const reason = whyNoMemoryGroups();
  if (reason !== undefined) return reason;
  const group = createMemoryGroup(64 << 20);
  group.remove();
  return group.version === 1 ? undefined : 'this machine has its memory controller on cgroup v2';
}
const reason = whyNot();

describe('the cgroup source in a real cgroup v1', { skip: reason ?? false }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup-v1-'));
  let story: Story;
  before(async () => {
    story = await tellStory(`write ${directory}/cached ${CACHE_BYTES}`);
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const [name, check] of Object.entries(STORY_CHECKS)) test(name, () => check(story));

  test('takes the swap limit from memory and swap together', () => {
    assert.equal(story.atStart.columns.cgroupSwapLimitBytes, 0);
    assert.equal(story.afterOuterLimitChanged.columns.cgroupSwapLimitBytes, 16 << 20);
  });

  test('finds its group from inside a cgroup namespace that hides the names above it', () => {
    const group = createMemoryGroup(200 << 20);
    const script = `${group.enter}; exec unshare --cgroup "$@"`;
    const inside = spawnSync('/bin/sh', ['-c', script, 'sh', process.execPath, ...process.execArgv, CHILD], {
      input: 'read\n',
      encoding: 'utf8',
    });
    group.remove();
    assert.equal(inside.status, 0, inside.stderr);
    const { columns, facts } = fromJson(inside.stdout) as Reading;
    assert.equal(facts['path'], '/');
    assert.equal(facts['bindingPath'], group.path);
    assert.equal(columns.cgroupLimitBytes, 200 << 20);
  });

  test('says for each thing that v1 does not tell that it does not', () => {
    const codes = new Set(story.atStart.gaps.map((gap) => gap.code));
    assert.deepEqual([...codes], ['unsupported']);
    assert.equal(story.atStart.facts['version'], 'v1');
  });
});
