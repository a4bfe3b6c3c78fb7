/** What a process gave back, as the hub of its service tells it. */
import assert from 'node:assert/strict';
import test from 'node:test';

import { COLUMNS } from '../../agent/model/row.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { createPrometheusText } from '../../exporters/prometheus.ts';
import { createSnapshotReader, MAX_MESSAGE_BYTES, messageOf, snapshotLine } from '../../exporters/siblings-protocol.ts';
import { IDENTITY, ordinarySnapshot, worstCaseSnapshot } from '../helpers/snapshot.ts';

const HELLO = {
  service: IDENTITY.serviceName,
  container: 'a',
  parentPid: 0,
  instance: IDENTITY.serviceInstanceId,
  agent: IDENTITY.agentVersion,
  node: IDENTITY.nodeVersion,
  slot: 'main',
  columns: COLUMNS,
};
const read = createSnapshotReader(HELLO, 'main');

function carried(snapshot: Snapshot, change: (message: Record<string, unknown>) => object = (same) => same): Snapshot {
  const message = change({ ...messageOf(snapshotLine(snapshot)) });
  const arrived = read(JSON.parse(JSON.stringify(message)) as Record<string, unknown>);
  assert.ok(arrived !== undefined);
  return arrived;
}

function givenBack(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^plimsoll_(cache|reclaim|shed|adaptive)/.test(line));
}

for (const tier of ['core', 'full'] as const) {
  const text = createPrometheusText(tier);
  for (const [what, snapshot] of [
    ['one cache', ordinarySnapshot()],
    ['a thousand caches', worstCaseSnapshot()],
  ] as const) {
    test(`in ${tier} the hub tells of ${what} as the process itself would`, () => {
      const own = givenBack(text(snapshot));
      assert.ok(own.length > 6);
      assert.deepEqual(givenBack(text(carried(snapshot))), own);
    });
  }
}

test('a process with a thousand of everything sends no more than a message may hold', () => {
  assert.ok(snapshotLine(worstCaseSnapshot()).length < MAX_MESSAGE_BYTES / 4);
});

test('a version that sends nothing of it is understood, and nothing is told', () => {
  const old = carried(ordinarySnapshot(), ({ row, mode, exporter, degraded, actions }) => {
    return { row, mode, exporter, degraded, actions };
  });
  assert.deepEqual(givenBack(createPrometheusText('full')(old)), []);
  assert.equal(old.actions.length, 2);
});

test('what is not as it should be is left out, and the rest is told', () => {
  for (const caches of [7, [], { named: 7 }, { named: [{}, 3, { name: 'x' }], other: {}, all: null }]) {
    const arrived = carried(ordinarySnapshot(), (message) => ({
      ...message,
      caches,
      promised: [['a', 'b'], 5, ['ok', 9], ['x'.repeat(300), 1]],
      freed: { a: 1 },
      shed: Array.from({ length: 1000 }, () => ['p', 1]),
    }));
    assert.equal(arrived.cacheAccounts, undefined);
    assert.deepEqual(arrived.reclaimed, [{ reclaimer: 'ok', promisedBytes: 9, freedBytes: 0 }]);
    assert.deepEqual(arrived.shed, []);
    assert.deepEqual(arrived.adaptives, [{ name: 'batch', value: 16 }]);
  }
});
