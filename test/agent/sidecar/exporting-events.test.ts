/** Events and post-mortems as lines of JSON, each told once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CONTAINER, exporting } from '../../helpers/exporting-scene.ts';
import { createScriptedFleet, notedEvent, postmortemOf } from '../../helpers/scripted-fleet.ts';

test('events are lines of JSON with whose they are', async (t) => {
  const fleet = createScriptedFleet();
  const member = fleet.add({ process: 'worker-1', resource: CONTAINER });
  const { lines } = await exporting(t, fleet);
  const wallMs = Date.now();
  fleet.tell({ kind: 'event', member, event: notedEvent(wallMs) });
  fleet.tell({ kind: 'postmortem', postmortem: postmortemOf({ process: 'main', resource: CONTAINER }, wallMs) });
  assert.deepEqual(lines[0], {
    ts: new Date(wallMs).toISOString(),
    event: 'plimsoll.pressure.changed',
    severity: 'ERROR',
    body: 'high: heap at 0.85 of its limit',
    service: 'shop',
    container: 'web',
    process: 'worker-1',
    instance: member.instanceId,
    attributes: { 'plimsoll.level.to': 'high', 'plimsoll.process': 'worker-1' },
  });
  const { event, ts, service, container, attributes } = lines[1] ?? {};
  assert.deepEqual(
    { event, ts, service, container },
    { event: 'plimsoll.process.died', ts: new Date(wallMs - 100).toISOString(), service: 'shop', container: 'web' },
  );
  assert.equal((attributes as Record<string, unknown>)['plimsoll.death.cause'], 'kernel_oom');
});

test('events are told once, also after a restart, and what happened in between is told then', async (t) => {
  const fleet = createScriptedFleet();
  const member = fleet.add({});
  const nowMs = Date.now();
  const [first, second, missed] = [nowMs - 3, nowMs - 2, nowMs - 1].map((wallMs) => notedEvent(wallMs));
  assert.ok(first && second && missed);
  const before = await exporting(t, fleet);
  for (const event of [second, first, second]) fleet.tell({ kind: 'event', member, event });
  assert.equal(before.lines.length, 2, 'each once, in whatever order they come');
  await before.stop();

  const later = await exporting(t, fleet, {}, before.directory);
  for (const event of [first, second, missed]) fleet.tell({ kind: 'event', member, event });
  assert.deepEqual(
    later.lines.map(({ ts }) => ts),
    [new Date(missed.wallMs).toISOString()],
  );
});

test('events are no news when they are older than a minute, or the process has sent them itself', async (t) => {
  const fleet = createScriptedFleet();
  const { lines } = await exporting(t, fleet);
  fleet.tell({ kind: 'event', member: fleet.add({}), event: notedEvent(Date.now() - 70_000) });
  fleet.tell({ kind: 'event', member: fleet.add({ exporter: 'otlp' }), event: notedEvent(Date.now() - 5000) });
  assert.deepEqual(lines, []);
  fleet.tell({ kind: 'event', member: fleet.add({}), event: notedEvent(Date.now() - 50_000) });
  assert.equal(lines.length, 1);
});
