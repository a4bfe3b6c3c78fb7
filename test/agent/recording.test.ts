/** What a run writes to PLIMSOLL_DIR and when, and what becomes of it when the folder goes and comes back. Real files, a clock by hand. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfiguration } from '../../agent/config/read.ts';
import { createDegradations } from '../../agent/degradations.ts';
import type { CacheStatus } from '../../agent/model/cache.ts';
import type { ReclaimTotal } from '../../agent/model/reclaim.ts';
import { COL, createRow } from '../../agent/model/row.ts';
import type { ActionCount, Degradation, Snapshot } from '../../agent/model/snapshot.ts';
import { createInstanceId, instanceStartMs } from '../../agent/record/instance-id.ts';
import { readLatest, readRing } from '../../agent/record/reader.ts';
import { openRecording } from '../../agent/recording.ts';
import { systemClock } from '../../agent/sample/clock.ts';
import { onWindows } from '../helpers/platform.ts';
import { cacheStatus, IDENTITY, ordinarySnapshot } from '../helpers/snapshot.ts';
import { readable, START_WALL_MS, temporaryDirectory } from './record/ring-fixture.ts';

const LEVELS = { normal: 0, elevated: 1, high: 2 } as const;

async function scene(directory: string | undefined) {
  const { options } = await readConfiguration(directory === undefined ? {} : { PLIMSOLL_DIR: directory }, {});
  const degradations = createDegradations();
  const told: Degradation[] = [];
  const said: string[] = [];
  const row = createRow();
  const actions: ActionCount[] = [];
  const reclaimed: ReclaimTotal[] = [];
  let caches: readonly CacheStatus[] = [];
  let nowMs = 1000;

  function snapshot(): Snapshot {
    const degraded = degradations.list();
    return { ...ordinarySnapshot(), degraded, actions, reclaimed, caches, cacheAccounts: undefined };
  }
  const recording = openRecording({
    options,
    identity: IDENTITY,
    sources: [],
    clock: { ...systemClock, wallMs: () => START_WALL_MS + nowMs, monotonicMs: () => nowMs },
    degradations,
    mode: () => 'protect',
    snapshot,
    degraded(degradation) {
      const isNew = degradations.set(degradation);
      if (!isNew) return false;
      told.push(degradation);
      recording.event({ name: 'plimsoll.agent.degraded', degradation });
      return true;
    },
    onProblem: ({ message }) => said.push(message),
  });

  return {
    recording,
    row,
    actions,
    told,
    said,
    degraded: () => degradations.list().map(({ reason }) => reason),
    reclaim: (reclaimer: string) => reclaimed.push({ reclaimer, promisedBytes: 10, freedBytes: 5 }),
    hold: (held: readonly CacheStatus[]) => (caches = held),
    /** A sample so long after the one before. */
    sample(afterMs: number, level: keyof typeof LEVELS = 'normal') {
      nowMs += afterMs;
      row[COL.wallMs] = START_WALL_MS + nowMs;
      row[COL.monotonicMs] = nowMs;
      row[COL.level] = LEVELS[level];
      recording.write(row);
    },
    act: (action: string) =>
      recording.event({ name: 'plimsoll.action.finished', action, outcome: 'done', detail: `${action} did it` }),
    reading: () => readable(readRing(recording.path() ?? 'none')),
    note: () => readable(readLatest(recording.path() ?? 'none')).note,
  };
}

function cacheOf(name: string, bytes: number): CacheStatus {
  return cacheStatus(name, { bytes });
}

describe('a recording', () => {
  test('writes a note with the first sample, and another when something changed, once a second', async (context) => {
    const { sample, note, actions, recording } = await scene(temporaryDirectory(context));
    sample(0);
    const first = note();
    assert.deepEqual([first?.mode, first?.exporter, first?.wallMs], ['protect', 'prometheus', START_WALL_MS + 1000]);
    sample(1000);
    assert.deepEqual(note(), first, 'nothing changed');
    actions.push({ action: 'shrink-caches', outcome: 'done', count: 1 });
    sample(500);
    assert.deepEqual(note(), first, 'too soon');
    sample(500);
    assert.deepEqual(note()?.actions, actions);
    assert.deepEqual(recording.note().actions, actions);
    recording.close();
  });

  test('notes an event with the next sample of its turn, and at once at high', async (context) => {
    const { sample, note, act, recording } = await scene(temporaryDirectory(context));
    const names = (): readonly unknown[] => note()?.events.map(({ attributes }) => attributes['plimsoll.action']) ?? [];
    sample(0);
    act('one');
    assert.deepEqual(names(), []);
    sample(1000);
    assert.deepEqual(names(), ['one']);
    sample(50, 'high');
    act('two');
    assert.deepEqual(names(), ['one', 'two']);
    const [event] = note()?.events ?? [];
    assert.deepEqual(
      [event?.name, event?.severity, event?.text, event?.wallMs],
      ['plimsoll.action.finished', 'INFO', 'one: one did it', START_WALL_MS + 1000],
    );
    recording.close();
  });

  test('keeps the newest 24 events, each short', async (context) => {
    const { sample, note, act, recording } = await scene(temporaryDirectory(context));
    for (let number = 1; number <= 30; number++) act(`${number}`);
    sample(0);
    const texts = note()?.events.map(({ text }) => text) ?? [];
    assert.deepEqual([texts.length, texts.at(0), texts.at(-1)], [24, '7: 7 did it', '30: 30 did it']);
    for (let number = 1; number <= 30; number++) act(`${number} ${'é'.repeat(9000)}`);
    sample(1000);
    const long = note()?.events ?? [];
    assert.ok(long.length >= 6 && long.length < 24, `what has no room goes by halves: ${long.length}`);
    assert.match(long.at(-1)?.text ?? '', /^30 é{509}$/);
    recording.close();
  });

  test('names the three largest caches in its columns, by an index that never changes', async (context) => {
    const { sample, note, hold, row, reading, recording } = await scene(temporaryDirectory(context));
    const columns = (): readonly unknown[] => {
      const values = reading().records.at(-1)?.row ?? row;
      const names = note()?.names ?? [];
      const named = [COL.cache1Name, COL.cache2Name, COL.cache3Name].map(
        (column) => names[values[column] ?? Number.NaN],
      );
      return [values[COL.cachesBytes], ...named, values[COL.cache1Bytes], values[COL.cache3Bytes]];
    };
    sample(0);
    assert.deepEqual(columns(), [Number.NaN, undefined, undefined, undefined, Number.NaN, Number.NaN]);
    hold([cacheOf('small', 1), cacheOf('large', 30), cacheOf('middle', 20), cacheOf('more', 10)]);
    sample(1000);
    assert.deepEqual(columns(), [61, 'large', 'middle', 'more', 30, 10]);
    assert.deepEqual(
      note()?.caches.map(({ name }) => name),
      ['large', 'middle', 'more', 'small'],
    );
    hold([cacheOf('small', 40), cacheOf('large', 30)]);
    sample(1000);
    assert.deepEqual(columns(), [70, 'small', 'large', undefined, 40, Number.NaN]);
    assert.deepEqual(note()?.names, ['large', 'middle', 'more', 'small']);
    recording.close();
  });

  test('has 64 names, and one for all that come later', async (context) => {
    const { sample, note, hold, row, recording } = await scene(temporaryDirectory(context));
    for (let number = 0; number < 80; number++) {
      hold([cacheOf(`${number}${'x'.repeat(100)}`, 1)]);
      sample(1000);
      assert.equal(row[COL.cache1Name], Math.min(63, number));
    }
    assert.equal(note()?.names.length, 64);
    assert.match(note()?.names[62] ?? '', /^62x{62}$/);
    assert.equal(note()?.names[63], '_other');
    recording.close();
  });

  test('notes sums, whatever the number of names', async (context) => {
    const { sample, note, actions, reclaim, recording } = await scene(temporaryDirectory(context));
    for (let number = 0; number < 50; number++) {
      actions.push({ action: `action-${number}`, outcome: number % 2 === 0 ? 'done' : 'skipped', count: 1 });
      reclaim(`cache-${number}`);
    }
    sample(0);
    const { actions: counted = [], reclaimed = [] } = note() ?? {};
    assert.deepEqual(counted.slice(32), [
      { action: '_other', outcome: 'done', count: 9 },
      { action: '_other', outcome: 'skipped', count: 9 },
    ]);
    assert.equal(reclaimed.length, 32);
    assert.deepEqual(reclaimed.at(-1), { reclaimer: '_other', promisedBytes: 190, freedBytes: 95 });
    recording.close();
  });

  test('says how it ended: the process, or the agent alone', async (context) => {
    const directory = temporaryDirectory(context);
    for (const [last, exitCode] of [
      ['end', 3],
      ['close', Number.NaN],
    ] as const) {
      const { sample, recording, reading } = await scene(directory);
      sample(0);
      recording[last](3);
      assert.equal(reading().end?.exitCode, exitCode);
    }
    const { recording } = await scene(directory);
    recording.discard();
    assert.equal(readdirSync(directory).length, 2);
  });

  test('without a folder is nothing, and its process still has a name', async () => {
    const { recording, sample, act, row, told } = await scene(undefined);
    sample(0);
    act('one');
    recording.end(0);
    assert.equal(instanceStartMs(recording.instanceId), START_WALL_MS + 1000);
    assert.deepEqual([recording.path(), recording.memoryBytes, told], [undefined, 0, []]);
    assert.equal(row[COL.agentDroppedRecords], Number.NaN);
  });
});

describe('a recording whose folder', { skip: onWindows('open files cannot be deleted') }, () => {
  test('loses its ring file makes another of the same name within five seconds', async (context) => {
    const { recording, sample, told, reading, note } = await scene(temporaryDirectory(context));
    const path = recording.path() ?? '';
    sample(0);
    sample(1000);
    rmSync(path);
    sample(3000);
    assert.throws(() => reading());
    sample(1000);
    assert.equal(recording.path(), path);
    const { records, header } = reading();
    assert.deepEqual(
      [records.length, header.identity.serviceInstanceId, note()?.mode],
      [1, recording.instanceId, 'protect'],
    );
    assert.deepEqual(told, []);
    recording.close();
  });

  test('is deleted is one degradation; it is not made again, and recording comes back with it', async (context) => {
    const parent = temporaryDirectory(context);
    const directory = join(parent, 'plimsoll');
    mkdirSync(directory);
    const { recording, sample, told, said, degraded, row, reading } = await scene(directory);
    sample(0);
    rmSync(directory, { recursive: true });
    for (let seconds = 0; seconds < 20; seconds++) sample(1000);
    assert.deepEqual(readdirSync(parent), []);
    assert.deepEqual(
      told.map(({ reason }) => reason),
      ['record_failed'],
    );
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /ENOENT.*; make the folder that PLIMSOLL_DIR names again\. Nothing is recorded\.$/);
    assert.deepEqual([degraded(), recording.path()], [['record_failed'], undefined]);
    assert.equal(row[COL.agentDroppedRecords], 15);

    mkdirSync(directory);
    for (let seconds = 0; seconds < 5; seconds++) sample(1000);
    assert.deepEqual([degraded(), told.length], [[], 1]);
    const { header, records } = reading();
    assert.equal(header.identity.serviceInstanceId, recording.instanceId);
    assert.equal(records.at(-1)?.row[COL.agentDroppedRecords], row[COL.agentDroppedRecords]);
    recording.close();
  });

  test('cannot be made is one degradation at the first sample, and recorded to as soon as it is there', async (context) => {
    const parent = temporaryDirectory(context);
    writeFileSync(join(parent, 'plimsoll'), '');
    const { recording, sample, told, reading, note } = await scene(join(parent, 'plimsoll'));
    assert.equal(told.length, 0);
    for (let seconds = 0; seconds < 8; seconds++) sample(1000);
    assert.equal(told.length, 1);
    assert.match(told[0]?.detail ?? '', /ENOTDIR/);
    renameSync(join(parent, 'plimsoll'), join(parent, 'file'));
    mkdirSync(join(parent, 'plimsoll'));
    for (let seconds = 0; seconds < 5; seconds++) sample(1000);
    assert.equal(reading().header.identity.serviceInstanceId, recording.instanceId);
    assert.deepEqual(
      note()?.events.map(({ name }) => name),
      ['plimsoll.agent.degraded'],
    );
    recording.close();
  });

  test('is full of recordings that nobody has explained gets no other, with the repair', async (context) => {
    const directory = temporaryDirectory(context);
    const path = join(directory, `${createInstanceId(START_WALL_MS - 1e6)}.ring`);
    const { recording: dead } = await scene(directory);
    dead.end(134);
    renameSync(dead.path() ?? '', path);
    writeFileSync(path, Buffer.alloc(9 * 2 ** 20, 1), { flag: 'a' });
    const { recording, sample, told } = await scene(directory);
    for (let seconds = 0; seconds < 20; seconds++) sample(1000);
    assert.deepEqual([recording.path(), told.length], [undefined, 1]);
    assert.match(told[0]?.repair ?? '', /plimsoll postmortem/);
    rmSync(path);
    for (let seconds = 0; seconds < 5; seconds++) sample(1000);
    assert.ok(recording.path());
    recording.close();
  });
});
