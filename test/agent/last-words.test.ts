/** A verdict in the termination log while memory is short, and nothing of it otherwise. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { createLastWords, type LastWords } from '../../agent/last-words.ts';
import type { Assessment } from '../../agent/model/assessment.ts';
import type { Level } from '../../agent/model/level.ts';
import type { Snapshot } from '../../agent/model/snapshot.ts';
import { ordinarySnapshot } from '../helpers/snapshot.ts';
import { temporaryDirectory } from './record/ring-fixture.ts';

const MIB = 2 ** 20;

interface Scene {
  readonly path: string;
  readonly words: LastWords;
  at(level: Level, atMs: number, pressureRatio?: number): void;
  read(): string;
}

function sceneIn(context: TestContext, content: string | null = '', snapshot: Partial<Snapshot> = {}): Scene {
  const path = join(temporaryDirectory(context), 'termination-log');
  if (content !== null) writeFileSync(path, content);
  const whole = { ...ordinarySnapshot(), ...snapshot };
  const words = createLastWords({ path, snapshot: () => whole });
  return {
    path,
    words,
    at(level, atMs, pressureRatio = 0.9) {
      const assessment: Assessment = {
        level,
        sinceMs: 0,
        atMs,
        pressureRatio,
        binding: 'container',
        headroomBytes: 26 * MIB,
        timeToLimitSeconds: 0.5,
        reasons: [],
        constraints: [],
      };
      words.observe(assessment, whole.row);
    },
    read: () => readFileSync(path, 'utf8'),
  };
}

describe('last words', () => {
  test('are sentences from high on, and say what is near its limit', (context) => {
    const { at, read } = sceneIn(context);
    at(1, 0);
    assert.equal(read(), '');
    at(2, 1000, 0.876);
    assert.match(
      read(),
      /^plimsoll: shop \(main\) was at level high at 2026-\S+Z: container at 87\.6 % of its limit, 26 MiB left, limit in about 500 ms\. RSS 300 MiB, .* memory is the likely cause\.$/,
    );
  });

  test('are written once a second at most', (context) => {
    const { at, read } = sceneIn(context);
    at(2, 1000, 0.85);
    at(3, 1500, 0.95);
    assert.match(read(), /level high.*85 %/);
    at(3, 2000, 0.96);
    assert.match(read(), /level critical.*96 %/);
  });

  test('are taken back when it passes, and when the process ends well', (context) => {
    const { at, read, words } = sceneIn(context);
    at(2, 1000);
    at(1, 2000);
    assert.notEqual(read(), '', 'elevated is not over yet');
    at(0, 3000);
    assert.equal(read(), '');
    at(3, 4000);
    assert.notEqual(read(), '');
    words.clear();
    assert.equal(read(), '');
  });

  test('never touch what somebody else wrote', (context) => {
    const before = sceneIn(context, 'out of cheese');
    before.at(3, 1000);
    before.words.clear();
    assert.equal(before.read(), 'out of cheese');
    const { at, read, words, path } = sceneIn(context);
    at(3, 1000);
    writeFileSync(path, 'out of cheese');
    at(3, 2000);
    at(0, 3000);
    words.clear();
    assert.equal(read(), 'out of cheese');
  });

  test('take the place of those of a process before, or beside; and leave them when they are not ours', (context) => {
    const { at, read, path } = sceneIn(context, 'plimsoll: shop (worker-1) was at level critical');
    at(2, 1000);
    assert.match(read(), /\(main\)/);
    writeFileSync(path, 'plimsoll: shop (worker-2) was at level critical');
    at(0, 2000);
    assert.match(read(), /worker-2/);
  });

  test('are 1 kB at most, and whole characters', (context) => {
    const [cache] = ordinarySnapshot().caches;
    const long = { name: '狐'.repeat(500), bytes: MIB };
    const caches = [1, 2, 3].map((n) => ({ ...cache, ...long, entries: n })) as unknown as Snapshot['caches'];
    const identity = { ...ordinarySnapshot().identity, serviceName: '狐'.repeat(1000) };
    const { at, path } = sceneIn(context, '', { caches, identity });
    at(3, 1000);
    const bytes = readFileSync(path);
    assert.ok(bytes.length > 500 && bytes.length <= 1024, String(bytes.length));
    assert.doesNotMatch(bytes.toString(), /\uFFFD/);
  });

  test('are looked for once a minute where there is no such file, and make none', (context) => {
    const { at, path, read } = sceneIn(context, null);
    at(3, 1000);
    assert.equal(existsSync(path), false);
    writeFileSync(path, '');
    at(3, 50_000);
    assert.equal(read(), '');
    at(3, 61_000);
    assert.match(read(), /^plimsoll/);
  });

  test(
    'follow no link and open no folder',
    { skip: process.platform === 'win32' && 'links need rights' },
    (context) => {
      const folder = temporaryDirectory(context);
      const target = join(folder, 'target');
      writeFileSync(target, '');
      symlinkSync(target, join(folder, 'link'));
      mkdirSync(join(folder, 'folder'));
      for (const name of ['link', 'folder']) {
        const words = createLastWords({ path: join(folder, name), snapshot: ordinarySnapshot });
        const assessment = {
          level: 3,
          atMs: 0,
          pressureRatio: 1,
          reasons: [],
          constraints: [],
        } as unknown as Assessment;
        words.observe(assessment, ordinarySnapshot().row);
      }
      assert.equal(readFileSync(target, 'utf8'), '');
    },
  );
});
