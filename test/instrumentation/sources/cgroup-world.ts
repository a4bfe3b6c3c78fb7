/** The world of a cgroup source in tests: a fixture tree, or one made for the test, and a clock that the test moves. */
import { join } from 'node:path';

import type { World } from '../../../agent/model/source.ts';
import { nodeRuntime } from '../../../instrumentation/sources/runtime.ts';

export const FIXTURES = join(import.meta.dirname, '../../fixtures/cgroups');

export function treeWorld(root: string, clock = { nowMs: 0 }): World {
  return {
    root,
    platform: 'linux',
    runtime: nodeRuntime,
    execArgv: [],
    nodeOptions: '',
    processBudgetBytes: undefined,
    monotonicMs: () => clock.nowMs,
    requestSample() {},
  };
}

export const fixtureWorld = (name: string): World => treeWorld(join(FIXTURES, name));
