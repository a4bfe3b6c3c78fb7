/** Each kind of event as a log record: the contract's names, severities and attributes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { describe } from 'node:test';

import type { AgentEvent } from '../../agent/model/event.ts';
import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import { recordOf } from '../../exporters/log-record.ts';

const changed = (previous: 0 | 1 | 2 | 3, level: 0 | 1 | 2 | 3): AgentEvent => ({
  name: 'plimsoll.pressure.changed',
  previous,
  assessment: { ...IDLE_ASSESSMENT, level, binding: 'heap', pressureRatio: 0.9, headroomBytes: 1024 },
});
const action = (outcome: 'done' | 'failed', detail = ''): AgentEvent => ({
  name: 'plimsoll.action.finished',
  action: 'shrink',
  outcome,
  detail,
});
const degradation = { reason: 'cgroup_missing', detail: 'no memory controller', repair: 'mount it' };

const CASES: readonly [event: AgentEvent, severity: string, number: number, body: string, attributes: object][] = [
  [
    changed(0, 1),
    'WARN',
    13,
    'in words',
    {
      'plimsoll.level.from': 'normal',
      'plimsoll.level.to': 'elevated',
      'plimsoll.constraint': 'heap',
      'plimsoll.pressure': 0.9,
      'plimsoll.headroom': 1024,
    },
  ],
  [action('done'), 'INFO', 9, 'shrink: done', { 'plimsoll.action': 'shrink', 'plimsoll.outcome': 'done' }],
  [
    action('failed', 'it threw'),
    'WARN',
    13,
    'shrink: it threw',
    { 'plimsoll.action': 'shrink', 'plimsoll.outcome': 'failed' },
  ],
  [
    { ...action('done', 'evicted 2 caches'), promisedBytes: 300, freedBytes: 200 } as AgentEvent,
    'INFO',
    9,
    'shrink: evicted 2 caches',
    {
      'plimsoll.action': 'shrink',
      'plimsoll.outcome': 'done',
      'plimsoll.reclaim.promised': 300,
      'plimsoll.reclaim.freed': 200,
    },
  ],
  [
    { name: 'plimsoll.adaptive.changed', adaptive: 'batch', fromValue: 16, toValue: 8, level: 1 },
    'INFO',
    9,
    'batch changed from 16 to 8 at elevated',
    {
      'plimsoll.adaptive.name': 'batch',
      'plimsoll.pressure.level': 'elevated',
      'plimsoll.adaptive.from': 16,
      'plimsoll.adaptive.to': 8,
    },
  ],
  [
    { name: 'plimsoll.capture.written', kind: 'report', path: '/data/a.report.json', bytes: 4096 },
    'WARN',
    13,
    'report written to /data/a.report.json, 4096 bytes',
    {
      'plimsoll.capture.kind': 'report',
      'plimsoll.capture.path': '/data/a.report.json',
      'plimsoll.capture.size': 4096,
    },
  ],
  [
    { name: 'plimsoll.limit.changed', constraint: 'container', fromBytes: 1, toBytes: 2 },
    'INFO',
    9,
    'limit of container changed from 1 to 2 bytes',
    { 'plimsoll.constraint': 'container', 'plimsoll.limit.from': 1, 'plimsoll.limit.to': 2 },
  ],
  [
    { name: 'plimsoll.agent.degraded', degradation },
    'WARN',
    13,
    'no memory controller. Repair: mount it.',
    { reason: 'cgroup_missing' },
  ],
  [
    { name: 'plimsoll.mode.changed', from: 'observe', to: 'off' },
    'WARN',
    13,
    'mode changed from observe to off',
    { 'plimsoll.mode.from': 'observe', 'plimsoll.mode.to': 'off' },
  ],
];

for (const [event, severityText, severityNumber, body, attributes] of CASES) {
  test(`${event.name} is ${severityText}: ${body}`, () => {
    assert.deepEqual(
      recordOf(event, 'worker-1', () => 'in words'),
      {
        eventName: event.name,
        severityNumber,
        severityText,
        body,
        attributes: { ...attributes, 'plimsoll.process': 'worker-1' },
      },
    );
  });
}

describe('the severity of a level is that of where it went', () => {
  const upward = [
    [0, 1, 'WARN'],
    [0, 2, 'ERROR'],
    [2, 3, 'FATAL'],
    [3, 2, 'INFO'],
    [1, 0, 'INFO'],
  ] as const;
  for (const [from, to, severity] of upward) {
    test(`${from} to ${to}: ${severity}`, () => {
      assert.equal(recordOf(changed(from, to), 'main', () => '').severityText, severity);
    });
  }
});

test('what a drill has caused says so, in its body and by an attribute', () => {
  const { body, attributes } = recordOf({ ...changed(0, 2), isDrill: true }, 'main', () => 'in words');
  assert.equal(body, 'drill: in words');
  assert.equal(attributes['plimsoll.drill'], 'true');
});

/** test/exporters/death-event.test.ts has its attributes. */
const TOLD_ELSEWHERE: AgentEvent['name'] = 'plimsoll.process.died';

test('docs/events.md lists every event with its attributes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
  for (const [event, , , , attributes] of CASES) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${event.name}\` |`)) ?? '';
    for (const name of Object.keys(attributes)) assert.ok(row.includes(`\`${name}\``), `${event.name}: ${name}`);
  }
  const listed = [...page.matchAll(/^\| `(plimsoll\.[\w.]+)` \|/gm)].map(([, name = '']) => name);
  assert.deepEqual(listed.toSorted(), [...new Set([TOLD_ELSEWHERE, ...CASES.map(([{ name }]) => name)])].toSorted());
});
