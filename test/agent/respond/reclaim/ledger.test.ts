import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLedger } from '../../../../agent/respond/reclaim/ledger.ts';

test('a promise counts as given until a collection settles it, and then no more', () => {
  const ledger = createLedger();
  ledger.promise('pages', 100);
  assert.equal(ledger.pendingBytes(), 100);
  assert.deepEqual([...ledger.settle(100)], [['pages', 100]]);
  assert.equal(ledger.pendingBytes(), 0);
  assert.deepEqual(ledger.totals(), [{ reclaimer: 'pages', promisedBytes: 100, freedBytes: 100 }]);
});

test('garbage that was there before is credited to nobody', () => {
  const ledger = createLedger();
  ledger.promise('pages', 100);
  assert.deepEqual([...ledger.settle(5_000)], [['pages', 100]]);
});

test('who promises and does not deliver is believed less each time, and whoever delivers again is believed again', () => {
  const ledger = createLedger();
  const trusts: number[] = [];
  for (const freed of [0, 0, 0, 100, 100, 100]) {
    ledger.promise('pages', 100);
    ledger.settle(freed);
    trusts.push(ledger.trust('pages'));
  }
  const [first = 1, second = 1, third = 1, , , last = 0] = trusts;
  assert.ok(first < 0.5 && second < first && third <= second, String(trusts));
  assert.ok(third > 0, 'it may be believed again');
  assert.ok(last > 0.9, String(trusts));
  ledger.promise('pages', 100);
  assert.ok(ledger.pendingBytes() > 90);
});

test('an honest one beside a great liar keeps its name, and in the end the liar is known', () => {
  const ledger = createLedger();
  for (let round = 0; round < 6; round++) {
    ledger.promise('liar', 1_000);
    ledger.promise('honest', 100);
    ledger.settle(100);
  }
  assert.ok(ledger.trust('honest') > 0.5, `honest ${ledger.trust('honest')}`);
  assert.ok(ledger.trust('liar') < 0.1, `liar ${ledger.trust('liar')}`);
});

test('what V8 collected by itself is settled without a judgement', () => {
  const ledger = createLedger();
  ledger.promise('pages', 100);
  ledger.forget();
  assert.equal(ledger.pendingBytes(), 0);
  assert.equal(ledger.trust('pages'), 1);
});

test('however many names there are, the accounts are bounded and their sums are right', () => {
  const ledger = createLedger();
  for (let name = 0; name < 5_000; name++) ledger.promise(`n${name}`, 1);
  const totals = ledger.totals();
  assert.ok(totals.length <= 1_001, String(totals.length));
  assert.equal(
    totals.reduce((sum, { promisedBytes }) => sum + promisedBytes, 0),
    5_000,
  );
});
