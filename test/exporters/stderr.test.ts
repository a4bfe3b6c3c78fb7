import assert from 'node:assert/strict';
import test from 'node:test';

import { IDLE_ASSESSMENT } from '../../agent/model/handle.ts';
import type { Level } from '../../agent/model/level.ts';
import { problem } from '../../agent/model/problem.ts';
import { createStderrWriter, type StderrWriter } from '../../exporters/stderr.ts';

function writer(logLevel?: string): { lines: string[]; stderr: StderrWriter; at(ms: number): void } {
  const lines: string[] = [];
  let nowMs = 0;
  const stderr = createStderrWriter({
    logLevel,
    write: (line) => lines.push(line),
    monotonicMs: () => nowMs,
    describe: () => 'why',
  });
  return { lines, stderr, at: (ms) => (nowMs = ms) };
}

function change(stderr: StderrWriter, previous: Level, level: Level): void {
  stderr.event({ name: 'plimsoll.pressure.changed', previous, assessment: { ...IDLE_ASSESSMENT, level } });
}

test('warnings and worse by default: upward changes, not downward ones; problems, not unavailable readings', () => {
  const { lines, stderr } = writer();
  change(stderr, 0, 1);
  change(stderr, 1, 3);
  change(stderr, 3, 2);
  stderr.problem(problem('PLM_LISTEN_FAILED', 'taken'));
  stderr.problem(problem('PLM_DEGRADED', 'gone'));
  stderr.event({ name: 'plimsoll.agent.degraded', degradation: { reason: 'r', detail: 'd', repair: 'p' } });
  assert.deepEqual(lines, [
    '[plimsoll] pressure elevated (was normal): why',
    '[plimsoll] pressure critical (was elevated): why',
    '[plimsoll] PLM_LISTEN_FAILED: taken',
  ]);
});

for (const [logLevel, expected] of [
  ['none', 0],
  ['error', 1],
  ['warn', 2],
  ['info', 4],
  ['nonsense', 2],
] as const) {
  test(`OTEL_LOG_LEVEL=${logLevel} shows ${expected} of four lines`, () => {
    const { lines, stderr } = writer(logLevel);
    change(stderr, 0, 1);
    change(stderr, 1, 2);
    change(stderr, 2, 0);
    stderr.event({ name: 'plimsoll.limit.changed', constraint: 'container', fromBytes: 1, toBytes: 2 });
    assert.equal(lines.length, expected);
  });
}

test('a capture is told by default; what else was done with OTEL_LOG_LEVEL=info, what failed by its problem only', () => {
  const events = (stderr: StderrWriter): void => {
    stderr.event({ name: 'plimsoll.capture.written', kind: 'report', path: '/data/a', bytes: 1 });
    stderr.event({ name: 'plimsoll.action.finished', action: 'reclaim', outcome: 'done', detail: 'freed 3 MiB' });
    stderr.event({ name: 'plimsoll.action.finished', action: 'reclaim', outcome: 'failed', detail: 'it threw' });
    stderr.event({ name: 'plimsoll.adaptive.changed', adaptive: 'batch', fromValue: 16, toValue: 8, level: 1 });
  };
  const byDefault = writer();
  events(byDefault.stderr);
  assert.deepEqual(byDefault.lines, ['[plimsoll] report written to /data/a']);
  const verbose = writer('info');
  events(verbose.stderr);
  assert.deepEqual(verbose.lines, [
    '[plimsoll] report written to /data/a',
    '[plimsoll] reclaim done: freed 3 MiB',
    '[plimsoll] batch changed from 16 to 8',
  ]);
});

test('ten lines a minute; the rest is counted and told', () => {
  const { lines, stderr, at } = writer();
  for (let index = 0; index < 25; index++) stderr.problem(problem('PLM_HANDLER_FAILED', `${index}`));
  assert.equal(lines.length, 10);
  at(60_000);
  stderr.problem(problem('PLM_HANDLER_FAILED', 'again'));
  assert.deepEqual(lines.slice(10), [
    '[plimsoll] 15 more lines were left out in the last minute',
    '[plimsoll] PLM_HANDLER_FAILED: again',
  ]);
});

test('a problem is one line whatever its text holds', () => {
  const { lines, stderr } = writer();
  stderr.problem(problem('PLM_CONFIG_FILE', 'first\n  second\r\nthird'));
  assert.deepEqual(lines, ['[plimsoll] PLM_CONFIG_FILE: first second third']);
});

test('what a drill has caused says so', () => {
  const { lines, stderr } = writer();
  stderr.event({
    name: 'plimsoll.pressure.changed',
    previous: 0,
    assessment: { ...IDLE_ASSESSMENT, level: 2 },
    isDrill: true,
  });
  assert.deepEqual(lines, ['[plimsoll] drill: pressure high (was normal): why']);
});
