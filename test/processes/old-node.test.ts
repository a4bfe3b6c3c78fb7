/** Preloaded into a Node.js that is too old, the agent says so in one line and does nothing. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ensureNode } from '../../scripts/nodes.ts';
import { type Preload, runNode, type RunResult } from '../helpers/run-node.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/apps/guards/agents.cjs', import.meta.url));

function nodeOrSkip(t: TestContext, version: string): string | undefined {
  try {
    return ensureNode(version);
  } catch (error) {
    t.skip(`Node.js ${version} cannot be had: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

const OLD: readonly { readonly version: string; readonly preloads: readonly Preload[] }[] = [
  { version: '12', preloads: ['require', 'node-options'] },
  { version: '14', preloads: ['require', 'node-options'] },
  { version: '16', preloads: ['require', 'node-options'] },
  { version: '18', preloads: ['require', 'import'] },
  { version: '20', preloads: ['require', 'import', 'node-options'] },
  { version: '22.14.0', preloads: ['require', 'import', 'node-options'] },
];

describe('a Node.js older than 22.15', () => {
  for (const { version, preloads } of OLD) {
    test(`${version} gets one line and no agent`, async (t) => {
      const node = nodeOrSkip(t, version);
      if (node === undefined) return;
      for (const preload of preloads) {
        const result = await runNode({ node, preload, args: [SCRIPT] });
        assert.match(result.stderr, /^\[plimsoll\] PLM_NODE_TOO_OLD: [^\n]*22\.15[^\n]*\n$/, result.report);
        assertProgramRan(result, false);
      }
    });
  }

  test('hears it once, however often the agent is preloaded', async (t) => {
    const node = nodeOrSkip(t, '20');
    if (node === undefined) return;
    const result = await runNode({ node, preload: 'node-options', args: ['-r', SCRIPT, SCRIPT] });
    assert.equal(result.stderr.match(/PLM_NODE_TOO_OLD/g)?.length, 1, result.report);
  });
});

describe('a supported Node.js', () => {
  for (const version of ['22.15.0', '26']) {
    test(`${version} gets an agent and no line`, async (t) => {
      const node = nodeOrSkip(t, version);
      if (node === undefined) return;
      for (const preload of ['require', 'import', 'node-options'] as const) {
        const result = await runNode({ node, preload, args: [SCRIPT] });
        assert.equal(result.stderr, '', result.report);
        assertProgramRan(result, true);
      }
    });
  }
});

function assertProgramRan(result: RunResult, withAgent: boolean): void {
  assert.equal(result.code, 0, result.report);
  const { handle } = JSON.parse(result.stdout) as { handle: boolean };
  assert.equal(handle, withAgent, result.report);
}
