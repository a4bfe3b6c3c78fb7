/** Who died before, told by who comes after: real ring files of processes that are gone, in one folder. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync, utimesSync } from 'node:fs';
import { test, type TestContext } from 'node:test';

import type { AgentEvent } from '../../agent/model/event.ts';
import type { ColumnName } from '../../agent/model/row.ts';
import { deathReportPath, readPostmortem } from '../../agent/postmortem/index.ts';
import { createPredecessors, type PredecessorsParts } from '../../agent/predecessors.ts';
import type { Recorder } from '../../agent/record/writer.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { rowOf } from '../helpers/snapshot.ts';
import { record, recorderOptions, temporaryDirectory } from './record/ring-fixture.ts';

/** More than any machine counts to. */
const NO_PID = 2 ** 30;

interface Past {
  readonly agoMs?: number;
  readonly pid?: number;
  readonly records?: number;
  readonly serviceName?: string;
}

/** Of a process of this PID namespace; gone, unless it has our number. */
function leave(directory: string, { agoMs = 10_000, pid = NO_PID, records = 30, ...more }: Past = {}): Recorder {
  const { identity } = recorderOptions(directory);
  const nowMs = Date.now();
  const facts = { 'process.pidNamespace': readlinkSync('/proc/self/ns/pid') };
  // a number is used again: our parent is that process only if it was started before it
  const startWallMs = pid === process.ppid ? nowMs : nowMs - agoMs - records * 1000;
  const recorder = record(directory, { capacity: 64, facts, identity: { ...identity, ...more, pid, startWallMs } });
  for (let i = records; i > 0; i--) {
    const values: Partial<Record<ColumnName, number>> = {
      wallMs: nowMs - agoMs - (i - 1) * 1000,
      monotonicMs: 1e6 - i * 1000,
      agentIntervalSeconds: 1,
      level: 0,
    };
    recorder.write(rowOf(values));
  }
  utimesSync(recorder.path, (nowMs - agoMs) / 1000, (nowMs - agoMs) / 1000);
  return recorder;
}

interface Scene {
  readonly directory: string;
  readonly found: AgentEvent[];
  readonly told: AgentEvent[];
  successor(changes?: Partial<PredecessorsParts>): ReturnType<typeof createPredecessors>;
}

function sceneIn(context: TestContext): Scene {
  const directory = temporaryDirectory(context);
  const held = setInterval(() => {}, 1000); // what the agent waits for holds nothing open
  context.after(() => clearInterval(held));
  const found: AgentEvent[] = [];
  const told: AgentEvent[] = [];
  const { identity } = recorderOptions(directory);
  const parts = {
    directory,
    dataDirectory: directory,
    identity: { ...identity, serviceInstanceId: 'none' },
    clock: systemClock,
    isWatched: () => false,
    isYoung: () => false,
    onFound: (event: AgentEvent) => void found.push(event),
    onEvent: (event: AgentEvent) => void told.push(event),
    onFailure: (error: unknown) => assert.fail(String(error)),
  };
  const successor: Scene['successor'] = (changes) =>
    createPredecessors({ ...parts, ...changes } as unknown as PredecessorsParts);
  return { directory, found, told, successor };
}

const causes = (events: readonly AgentEvent[]): readonly unknown[] =>
  events.map((event) => event.name === 'plimsoll.process.died' && event.postmortem.cause);

test(
  'a death is reported at once, and told when it is sure that who tells it lives',
  { skip: whyNot() },
  async (context) => {
    const { directory, found, told, successor } = sceneIn(context);
    const dead = leave(directory);
    let isYoung = true;
    const first = successor({ isYoung: () => isYoung });
    await first.look();
    const report = readPostmortem(deathReportPath(directory, dead.instanceId));
    assert.deepEqual([report?.cause, report?.foundBy, report?.diedMs], ['killed', 'successor', null]);
    assert.deepEqual([causes(found), causes(told)], [['killed'], []]);
    assert.deepEqual(first.deaths(), [{ cause: 'killed', evidence: 'inferred', count: 1 }]);

    // it ended young: another tells it, and reports it no second time
    const second = successor();
    await second.look();
    await second.look();
    isYoung = false;
    await first.look();
    assert.deepEqual([causes(found), causes(told)], [['killed'], ['killed']]);
    assert.deepEqual(second.deaths(), first.deaths());
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.untold')).length, 0);
  },
);

test('who lives, ended well, was switched off or is ourselves is left alone', { skip: whyNot() }, async (context) => {
  const { directory, found, successor } = sceneIn(context);
  leave(directory, { pid: process.ppid, agoMs: 20_000 }); // silent, and there: its loop is blocked
  leave(directory, { agoMs: 0 }); // /proc may hide it
  leave(directory).end(0, Date.now());
  leave(directory).end(Number.NaN, Date.now());
  const own = leave(directory);
  const identity = { ...recorderOptions(directory).identity, serviceInstanceId: own.instanceId };
  await successor({ identity }).look();
  assert.deepEqual(causes(found), []);
  assert.equal(readdirSync(directory).filter((name) => name.endsWith('.death.json')).length, 0);
});

test('a failure that the process told itself is a crash', { skip: whyNot() }, async (context) => {
  const { directory, found, successor } = sceneIn(context);
  leave(directory).end(3, Date.now());
  await successor().look();
  assert.deepEqual(causes(found), ['crash']);
});

test('beside a sidecar nobody else reports', { skip: whyNot() }, async (context) => {
  const { directory, found, successor } = sceneIn(context);
  const dead = leave(directory);
  await successor({ isWatched: () => true }).look();
  assert.deepEqual(causes(found), []);
  assert.equal(existsSync(deathReportPath(directory, dead.instanceId)), false);
});

test(
  'five at most, the oldest first, and only those of its own service are counted as its own',
  { skip: whyNot() },
  async (context) => {
    const { directory, found, successor } = sceneIn(context);
    const dead = [70, 60, 50, 40, 30, 20, 10].map((ago, index) =>
      leave(directory, { agoMs: ago * 1000, records: 1, serviceName: index === 0 ? 'cart' : 'checkout' }),
    );
    const late = successor();
    await late.look();
    await late.look();
    const instances = found.map((event) => event.name === 'plimsoll.process.died' && event.postmortem.instance);
    assert.deepEqual(
      instances,
      dead.slice(0, 5).map(({ instanceId }) => instanceId),
    );
    assert.deepEqual(late.deaths(), [{ cause: 'killed', evidence: 'inferred', count: 4 }]);
  },
);

function whyNot(): string | false {
  return existsSync('/proc/self/ns/pid') ? false : 'needs /proc to see that a process is gone';
}
