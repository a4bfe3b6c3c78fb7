import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agentFailed, problem, problemLine, whyOf } from '../../../agent/model/problem.ts';

test('a problem is one line: who, code, what', () => {
  assert.equal(problemLine(problem('PLM_USAGE', 'a\n  b')), '[plimsoll] PLM_USAGE: a b');
});

test('a failure of the agent is one line of bounded length, whatever was thrown', () => {
  const line = agentFailed(new Error(`boom ${'x'.repeat(10_000)}`));
  assert.match(
    line,
    /^\[plimsoll\] PLM_AGENT_FAILED: the agent failed \(Error: boom x+.*\)\. It stops; the application goes on\.$/,
  );
  assert.ok(line.length < 700);
  assert.match(agentFailed(undefined), /the agent failed \(undefined\)/);
  const withoutStack = Object.assign(new Error('bare'), { stack: undefined });
  assert.match(agentFailed(withoutStack), /\(bare\)/);
});

test('whatever was thrown is said in words of bounded length', () => {
  assert.equal(whyOf(new Error('boom')), 'boom');
  assert.equal(whyOf('text'), 'text');
  assert.equal(whyOf(Object.create(null)), 'it threw what cannot be shown');
  assert.equal(whyOf('x'.repeat(10_000)).length, 300);
});
