/**
 * The built agent in a process that is told it runs on macOS or Windows: it works with less, says so where it is asked, and to
 * nobody else. What those platforms answer is in test/instrumentation/platforms.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Status } from '../../agent/model/handle.ts';
import { AGENT, runNode } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/guards', import.meta.url));

/** Scrapes its own agent once it listens, and tells what that said and what the agent's status is. */
const PROGRAM = `
  const agent = () => process[Symbol.for('plimsoll.agent.v1')];
  const poll = setInterval(async () => {
    const status = agent()?.status();
    if (!status?.available || status.listening === undefined) return;
    clearInterval(poll);
    const metrics = await (await fetch(status.listening)).text();
    console.log(JSON.stringify({ status, metrics }));
    process.exit(3);
  }, 20);`;

const CASES = [
  { platform: 'darwin', missing: ['processVirtualBytes'] },
  { platform: 'win32', missing: ['processVirtualBytes', 'processMinorFaults', 'processMajorFaults'] },
] as const;

describe('the agent off Linux', { concurrency: 2 }, () => {
  for (const { platform, missing } of CASES) {
    test(`${platform}: the heap and the host are constraints, what is missing has its reason, nothing is on stderr`, async (context) => {
      const PLIMSOLL_DIR = mkdtempSync(join(tmpdir(), 'plimsoll-platforms-'));
      context.after(() => rmSync(PLIMSOLL_DIR, { recursive: true, maxRetries: 10 }));
      const result = await runNode({
        preload: 'none',
        args: ['-r', join(APPS, 'pretend-platform.cjs'), '-r', AGENT, '-e', PROGRAM],
        env: { PRETEND_PLATFORM: platform, PLIMSOLL_DIR, PLIMSOLL_METRICS: 'full' },
      });
      assert.deepEqual([result.code, result.stderr], [3, ''], result.report);
      const { status, metrics } = JSON.parse(result.stdout) as { status: Status; metrics: string };
      const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);
      const tellsAvailable = platform === 'win32' || major > 1 || minor >= 52;
      assert.deepEqual(
        status.assessment.constraints.map(({ constraint }) => constraint),
        tellsAvailable ? ['heap', 'host'] : ['heap'],
      );
      assert.deepEqual(status.degraded.map(({ reason }) => reason).toSorted(), [
        'cgroup_platform',
        'host_platform',
        'process_platform',
      ]);
      for (const reading of missing) assert.ok(!(reading in status.sample), reading);
      assert.match(metrics, /^plimsoll_pressure_ratio\{/m);
      assert.doesNotMatch(metrics, /^container_|^plimsoll_container_|NaN/m);
      assert.equal(/^process_paging_faults_total\{/m.test(metrics), platform === 'darwin');
      assert.deepEqual(
        readdirSync(PLIMSOLL_DIR).map((name) => /^[\w-]+\.ring$/.test(name)),
        [true],
      );
    });
  }
});
