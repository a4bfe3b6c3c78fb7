import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { COL, createRow } from '../../../agent/model/row.ts';
import { readRing } from '../../../agent/record/reader.ts';
import { createRecorder } from '../../../agent/record/writer.ts';
import { onWindows, unlessLinux } from '../../helpers/platform.ts';
import {
  EMPTY_NOTE,
  openDescriptors,
  readable,
  record,
  recorderOptions,
  START_WALL_MS,
  temporaryDirectory,
} from './ring-fixture.ts';

describe('a recorder', () => {
  test('names its file after start time and random, and hands the name out as instance id', (context) => {
    const directory = temporaryDirectory(context);
    const recorder = record(directory);
    assert.match(recorder.instanceId, /^20261121T231745123Z-[0-9a-f]{16}$/);
    assert.equal(recorder.path, join(directory, `${recorder.instanceId}.ring`));
    assert.deepEqual(readdirSync(directory), [`${recorder.instanceId}.ring`]);
    recorder.close();
  });

  test('shares no file with another that starts in the same millisecond', (context) => {
    const directory = temporaryDirectory(context);
    const recorders = Array.from({ length: 50 }, () => record(directory));
    assert.equal(readdirSync(directory).length, 50);
    for (const recorder of recorders) recorder.close();
  });

  test('takes another name when its name is taken, and leaves the neighbour alone', (context) => {
    const directory = temporaryDirectory(context);
    const neighbour = record(directory);
    neighbour.write(createRow());
    const ids = [neighbour.instanceId, '20261121T231745123Z-0000000000000001'];
    const recorder = record(directory, { createId: () => ids.shift() ?? 'unexpected' });
    assert.equal(recorder.instanceId, '20261121T231745123Z-0000000000000001');
    assert.equal(readable(readRing(neighbour.path)).records.length, 1);
    const third = createRecorder(recorderOptions(directory, { createId: () => neighbour.instanceId }));
    assert.ok(!third.ok);
    assert.match(third.trouble.problem.message, /EEXIST/);
    recorder.close();
    neighbour.close();
  });

  test('leaves no file behind after a discard', (context) => {
    const directory = temporaryDirectory(context);
    const recorder = record(directory);
    recorder.write(createRow());
    recorder.discard();
    assert.deepEqual(readdirSync(directory), []);
  });

  test('does nothing any more once it is closed, and holds no file open', (context) => {
    const recorder = record(temporaryDirectory(context));
    recorder.write(createRow());
    recorder.end(0, START_WALL_MS);
    recorder.write(createRow());
    recorder.note(EMPTY_NOTE);
    recorder.end(1, START_WALL_MS + 1);
    recorder.close();
    recorder.discard();
    const { records, end, note } = readable(readRing(recorder.path));
    assert.deepEqual([records.length, end?.exitCode, note], [1, 0, undefined]);
    assert.equal(recorder.isDeleted(), false);
    assert.deepEqual([recorder.dropped(), recorder.failure()], [0, undefined]);
    if (process.platform === 'linux') assert.deepEqual(openDescriptors(recorder), []);
  });

  test('says how much memory it holds: the record, the note and a table', (context) => {
    const recorder = record(temporaryDirectory(context));
    assert.ok(recorder.memoryBytes > 16_384 && recorder.memoryBytes < 24_576, String(recorder.memoryBytes));
    recorder.close();
  });
});

describe('a recorder that cannot record', () => {
  test('is one coded line where the folder cannot be made', { skip: onWindows('ENOTDIR') }, (context) => {
    const file = join(temporaryDirectory(context), 'file');
    writeFileSync(file, '');
    const result = createRecorder(recorderOptions(join(file, 'ring')));
    assert.ok(!result.ok);
    assert.equal(result.trouble.problem.code, 'PLM_RECORD_FAILED');
    assert.match(
      result.trouble.problem.message,
      /file\/ring: ENOTDIR.*PLIMSOLL_DIR must be a folder .* Nothing is recorded\.$/,
    );
  });

  test('is one coded line below /proc, where a recursive mkdir never returns', { skip: unlessLinux('/proc') }, () => {
    const result = createRecorder(recorderOptions('/proc/nowhere/plimsoll'));
    assert.ok(!result.ok);
    assert.match(result.trouble.problem.message, /^\/proc\/nowhere\/plimsoll: ENOENT/);
  });

  test(
    'is one coded line where the folder is read-only',
    { skip: process.getuid === undefined ? 'needs user ids' : false },
    (context) => {
      const directory = join(temporaryDirectory(context), 'sealed');
      mkdirSync(directory, { mode: 0o555 });
      chmodSync(join(directory, '..'), 0o755);
      const program = new URL('../../fixtures/record/create.ts', import.meta.url).pathname;
      // root may write everywhere
      const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const child = spawnSync(process.execPath, [program, directory], { encoding: 'utf8', ...user });
      assert.match(child.stdout, /PLM_RECORD_FAILED .*sealed: EACCES/, child.stderr);
      assert.equal(child.status, 0);
    },
  );

  test('is one coded line when a ring of that size would be unreadable, and leaves no file', (context) => {
    const directory = temporaryDirectory(context);
    for (const changes of [{ capacity: 1e9 }, { columns: Array.from({ length: 8000 }, () => 'aColumnBytes') }]) {
      const result = createRecorder(recorderOptions(directory, changes));
      assert.ok(!result.ok);
      assert.equal(result.trouble.problem.code, 'PLM_RECORD_FAILED');
    }
    assert.deepEqual(readdirSync(directory), []);
  });

  test('drops a row that is not of its columns', (context) => {
    const recorder = record(temporaryDirectory(context));
    recorder.write(new Float64Array(3));
    assert.equal(recorder.dropped(), 1);
    assert.match(recorder.failure()?.problem.message ?? '', /a row of 3 for \d+ columns/);
    recorder.close();
  });

  test(
    'counts drops and never throws when somebody closed its file',
    { skip: unlessLinux('/proc/self/fd') },
    (context) => {
      for (const last of ['end', 'discard', 'close'] as const) {
        const recorder = record(temporaryDirectory(context));
        for (const fd of openDescriptors(recorder)) closeSync(fd);
        for (let count = 0; count < 5; count++) recorder.write(createRow());
        recorder.note(EMPTY_NOTE);
        assert.equal(recorder.isDeleted(), false);
        assert.equal(recorder.dropped(), 5);
        assert.match(recorder.failure()?.problem.message ?? '', /EBADF/);
        recorder[last](0, START_WALL_MS);
        assert.equal(existsSync(recorder.path), last !== 'discard');
      }
    },
  );
});

describe('a recorder on a full disk', { skip: cannotMount() }, () => {
  test('is one coded line when there is no room for the header, and leaves no file', (context) => {
    const directory = smallDisk(context, '16k');
    fill(directory);
    const result = createRecorder(recorderOptions(directory));
    assert.ok(!result.ok);
    assert.match(result.trouble.problem.message, /ENOSPC|could be written/);
    assert.deepEqual(readdirSync(directory), ['filler']);
  });

  test('counts what it drops, records again when there is room, and still says how the process ended', (context) => {
    const directory = smallDisk(context, '128k');
    const recorder = record(directory);
    const row = createRow();
    const write = (value: number): void => {
      row[COL.level] = value;
      recorder.write(row);
    };
    write(1);
    fill(directory);
    for (let value = 2; value <= 40; value++) write(value);
    const dropped = recorder.dropped();
    assert.ok(dropped > 0 && dropped < 40, String(dropped)); // the page of the first record has room for another one or two
    assert.equal(recorder.failure()?.problem.code, 'PLM_RECORD_FAILED');

    unlinkSync(join(directory, 'filler'));
    for (let value = 41; recorder.failure() !== undefined && value < 200; value++) write(value);
    assert.equal(recorder.failure(), undefined);
    assert.equal(recorder.dropped(), 61); // the failed row, then 60 without an attempt

    fill(directory);
    for (let value = 200; value < 400; value++) write(value);
    recorder.end(7, START_WALL_MS);
    const { records, end, missing } = readable(readRing(recorder.path));
    assert.equal(end?.exitCode, 7);
    assert.equal(end.lastSequence, records.at(-1)?.sequence);
    assert.equal(missing, 0);
    const levels = records.map((entry) => entry.row[COL.level] ?? Number.NaN);
    assert.deepEqual(
      levels,
      levels.toSorted((a, b) => a - b),
    );
  });
});

function cannotMount(): string | false {
  if (process.getuid?.() !== 0) return 'needs root to mount a small tmpfs';
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return probe.status === 0 ? false : 'may not mount a tmpfs here';
}

function smallDisk(context: TestContext, size: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
  context.after(() => {
    execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

function fill(directory: string): void {
  assert.throws(() => writeFileSync(join(directory, 'filler'), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
}
