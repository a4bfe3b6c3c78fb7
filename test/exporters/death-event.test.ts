/** A death as a log record and as a line for people. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import type { DeathCause, Postmortem } from '../../agent/model/postmortem.ts';
import { investigate } from '../../agent/postmortem/index.ts';
import { recordOf } from '../../exporters/log-record.ts';
import { createStderrWriter } from '../../exporters/stderr.ts';
import { found, LAST_MS } from '../agent/postmortem/found-death.ts';

function death(changes: Partial<Postmortem> = {}): Postmortem {
  const life = { ending: { code: null, signal: 'SIGKILL' }, evidence: { oomKillsAfter: 3 }, diedAfterMs: 40 };
  return { ...investigate(found(life)), ...changes };
}

const record = (postmortem: Postmortem) =>
  recordOf({ name: 'plimsoll.process.died', postmortem }, 'worker-2', () => 'in words');

test('says of whom it tells, and who tells it', () => {
  const { body, attributes, eventName } = record(death());
  assert.equal(eventName, 'plimsoll.process.died');
  assert.match(
    body,
    /^checkout died: the kernel killed it for want of memory \(kernel_oom, observed\): SIGKILL, and the kernel counted 1/,
  );
  assert.deepEqual(attributes, {
    'plimsoll.death.cause': 'kernel_oom',
    'plimsoll.death.evidence': 'observed',
    'plimsoll.death.confidence': 1,
    'plimsoll.death.service': 'checkout',
    'plimsoll.death.instance': '20261121T231745123Z-9f86d081884c7d65',
    'plimsoll.death.process': 'main',
    'plimsoll.death.time': new Date(LAST_MS + 40).toISOString(),
    'plimsoll.death.signal': 'SIGKILL',
    'plimsoll.death.found_by': 'sidecar',
    'plimsoll.death.rss': 100 * 2 ** 20,
    'plimsoll.pressure.level': 'normal',
    'plimsoll.constraint': 'container',
    'plimsoll.pressure': 0.3,
    'plimsoll.process': 'worker-2',
  });
  const unknown = record(death({ last: null, diedMs: null, signal: null, exitCode: 3, process: 'worker-1' }));
  assert.match(unknown.body, /^checkout \(worker-1\) died/);
  assert.equal(unknown.attributes['plimsoll.death.exit_code'], 3);
  for (const name of ['death.time', 'death.signal', 'death.rss', 'pressure', 'constraint', 'pressure.level']) {
    assert.equal(Object.hasOwn(unknown.attributes, `plimsoll.${name}`), false, name);
  }
});

test('docs/events.md names each of its attributes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const row = page.split('\n').find((line) => line.startsWith('| `plimsoll.process.died` |')) ?? '';
  const { attributes } = record(death({ exitCode: 3 }));
  for (const name of Object.keys(attributes))
    assert.ok(name === 'plimsoll.process' || row.includes(`\`${name}\``), name);
});

test('is as severe as its cause', () => {
  const severities: Readonly<Record<DeathCause, string>> = {
    kernel_oom: 'FATAL',
    v8_oom: 'FATAL',
    killed: 'ERROR',
    crash: 'ERROR',
    exit: 'INFO',
  };
  for (const [cause, severity] of Object.entries(severities)) {
    assert.equal(record(death({ cause: cause as DeathCause })).severityText, severity);
  }
});

test('is one line for people, with when and the repair; a good end is none of their business', () => {
  const lines: string[] = [];
  const parts = { logLevel: undefined, monotonicMs: () => 0, describe: () => '' };
  const stderr = createStderrWriter({ ...parts, write: (line) => lines.push(line) });
  stderr.event({
    name: 'plimsoll.process.died',
    postmortem: death({ serviceName: 'check\nout', repair: 'more memory' }),
  });
  stderr.event({ name: 'plimsoll.process.died', postmortem: death({ cause: 'exit' }) });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^\[plimsoll\] check out died: [^\n]*; last sample at 2026-\S+Z\. Repair: more memory$/);
});
