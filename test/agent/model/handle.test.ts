import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { AGENT_SYMBOL, findAgent } from '../../../agent/model/handle.ts';
import { valueOf } from '../../../agent/model/metric.ts';

afterEach(() => {
  for (const owner of [globalThis, process]) Reflect.deleteProperty(owner, AGENT_SYMBOL);
});

test('the agent is found on globalThis, and on process where a vm context has a globalThis of its own', () => {
  assert.equal(findAgent(), undefined);
  Reflect.set(process, AGENT_SYMBOL, 'on process');
  assert.equal(findAgent(), 'on process');
  Reflect.set(globalThis, AGENT_SYMBOL, 'on globalThis');
  assert.equal(findAgent(), 'on globalThis');
});

test('a row of fewer columns has nothing where it ends', () => {
  assert.ok(Number.isNaN(valueOf(new Float64Array(0), 'wallMs')));
});
