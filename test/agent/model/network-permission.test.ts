import assert from 'node:assert/strict';
import test from 'node:test';

import { mayUseNetwork } from '../../../agent/model/network-permission.ts';

const KNOWS_NET = new Set(['--allow-net']);

test('the network may be used, but where --permission denies it', () => {
  assert.equal(mayUseNetwork(), true);
  const runtime = (isAllowed: boolean, allowedNodeEnvironmentFlags: ReadonlySet<string>) => ({
    permission: { has: (scope: string) => scope !== 'net' || isAllowed },
    allowedNodeEnvironmentFlags,
  });
  assert.equal(mayUseNetwork(runtime(false, KNOWS_NET)), false);
  assert.equal(mayUseNetwork(runtime(true, KNOWS_NET)), true);
  assert.equal(mayUseNetwork(runtime(false, new Set())), true, 'up to Node.js 24 it is no part of the permissions');
});
