import assert from 'node:assert/strict';
import test from 'node:test';

import type { AgentEvent } from '../../../agent/model/event.ts';
import { createEventQueue, type EventQueue } from '../../../exporters/otlp/logs.ts';
import { ordinarySnapshot } from '../../helpers/snapshot.ts';

const modeChange = (to: 'off' | 'observe'): AgentEvent => ({ name: 'plimsoll.mode.changed', from: 'protect', to });

function queue(): EventQueue {
  return createEventQueue({ snapshot: () => ordinarySnapshot(), describe: () => '', clock: { wallMs: () => 99_000 } });
}

const bodies = (from: EventQueue): readonly unknown[] => (from.request() ?? []).map(({ body }) => body);

test('events keep the time at which they happened, and the resource and scope of the metrics', () => {
  const events = queue();
  assert.equal(events.request(), undefined);
  events.add(modeChange('off'), 1_795_342_500_250);
  const [record] = events.request() ?? [];
  assert.deepEqual(record?.hrTime, [1_795_342_500, 250_000_000]);
  assert.equal(record?.eventName, 'plimsoll.mode.changed');
  assert.equal(record?.instrumentationScope.name, 'plimsoll');
  assert.equal(record?.resource.attributes['service.name'], 'shop');
  assert.equal(record?.attributes['plimsoll.process'], 'main');
});

test('what was not taken is sent again, with what came meanwhile; what was taken is not', () => {
  const events = queue();
  events.add(modeChange('off'), 1);
  assert.equal(bodies(events).length, 1);
  events.add(modeChange('observe'), 2);
  assert.equal(bodies(events).length, 2, 'the first was not taken');
  events.add(modeChange('off'), 3);
  events.drop();
  assert.deepEqual(bodies(events), ['mode changed from protect to off']);
  events.drop();
  assert.equal(events.request(), undefined);
});

test('of too many the oldest are dropped, and the next request says how many', () => {
  const events = queue();
  for (let i = 0; i < 300; i++) events.add(modeChange('off'), i);
  const sent = events.request() ?? [];
  assert.equal(sent.length, 257);
  assert.match(String(sent[0]?.body), /^44 events were dropped/);
  assert.equal(sent[0]?.hrTime[0], 99);
  assert.deepEqual(sent[1]?.hrTime, [0, 44_000_000]);
  events.drop();
  events.add(modeChange('off'), 300);
  assert.equal(bodies(events).length, 1, 'it is said once');
});

test('what is dropped while a request is under way is not taken for sent', () => {
  const events = queue();
  for (let i = 0; i < 200; i++) events.add(modeChange('off'), i);
  events.request();
  for (let i = 200; i < 300; i++) events.add(modeChange('observe'), i);
  events.drop();
  const left = events.request() ?? [];
  assert.equal(left.filter(({ body }) => body === 'mode changed from protect to observe').length, 100);
});
