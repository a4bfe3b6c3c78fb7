/** A sidecar says that it is there, and is believed for a while. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { announceSidecar, sidecarAnnounced } from '../../../agent/control/presence.ts';
import { createWatched } from '../../../agent/control/watched.ts';
import { temporaryFolder } from '../../helpers/run-cli.ts';

function createClock() {
  let nowMs = 1_000_000;
  let next: (() => void) | undefined;
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(callback: () => void) {
      next = callback;
      return () => (next = undefined);
    },
    /** The timer comes after so long, if there is one. */
    pass(ms: number) {
      nowMs += ms;
      next?.();
    },
    isIdle: () => next === undefined,
  };
}

test('it is announced again and again, readable for everybody, and gone after a clean end', (context) => {
  const folder = temporaryFolder(context);
  const clock = createClock();
  const stop = announceSidecar(folder, { pid: 7, instance: 'a' }, clock);
  assert.ok(sidecarAnnounced(folder, clock.wallMs()));
  assert.equal(statSync(join(folder, 'sidecar.json')).mode & 0o777, 0o644);
  for (let round = 0; round < 10; round += 1) clock.pass(2000);
  assert.ok(sidecarAnnounced(folder, clock.wallMs()));
  stop();
  assert.ok(clock.isIdle());
  assert.deepEqual(readdirSync(folder), []);
});

test('one that was killed is believed for ten seconds', (context) => {
  const folder = temporaryFolder(context);
  const clock = createClock();
  announceSidecar(folder, { pid: 7, instance: 'a' }, clock);
  assert.ok(sidecarAnnounced(folder, clock.wallMs() + 9999));
  assert.ok(!sidecarAnnounced(folder, clock.wallMs() + 10_000));
  assert.ok(!sidecarAnnounced(folder, clock.wallMs() - 10_000), 'nor one from the future');
});

test('who ends leaves the announcement of its successor', (context) => {
  const folder = temporaryFolder(context);
  const clock = createClock();
  const stop = announceSidecar(folder, { pid: 7, instance: 'a' }, clock);
  announceSidecar(folder, { pid: 8, instance: 'b' }, clock);
  stop();
  assert.ok(sidecarAnnounced(folder, clock.wallMs()));
});

test('what is no announcement is none, and a folder that is not there is no error', (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'sidecar.json');
  for (const text of [
    '',
    'null',
    '{"wallMs":1000000}',
    `{"pid":1,"instance":"a","wallMs":"1000000"}`,
    ' '.repeat(9000),
  ]) {
    writeFileSync(path, text);
    assert.ok(!sidecarAnnounced(folder, 1_000_000), text);
  }
  assert.ok(!sidecarAnnounced(join(folder, 'none'), 1_000_000));
  mkdirSync(join(folder, 'other', 'sidecar.json'), { recursive: true });
  assert.ok(!sidecarAnnounced(join(folder, 'other'), 1_000_000));
  announceSidecar(join(folder, 'none'), { pid: 7, instance: 'a' }, createClock())();
});

test('an agent beside an announced sidecar is watched for three seconds, connected or not; after a lost one for three more', (context) => {
  const folder = temporaryFolder(context);
  const clock = createClock();
  announceSidecar(folder, { pid: 7, instance: 'a' }, { ...clock, setTimer: () => () => {} });
  const watched = createWatched(folder, clock);
  assert.ok(!watched.isWatched());
  watched.start();
  assert.ok(watched.isWatched() && !watched.hasWatcher());
  clock.pass(2999);
  assert.ok(watched.isWatched());
  clock.pass(1);
  assert.ok(!watched.isWatched());
  watched.count(1);
  assert.ok(watched.isWatched() && watched.hasWatcher());
  clock.pass(60_000);
  watched.count(0);
  assert.ok(watched.isWatched() && !watched.hasWatcher());
  clock.pass(3000);
  assert.ok(!watched.isWatched());
});

test('without a folder, or without a sidecar, nobody is waited for', (context) => {
  for (const folder of [undefined, temporaryFolder(context)]) {
    const watched = createWatched(folder, createClock());
    watched.start();
    assert.ok(!watched.isWatched());
  }
});
