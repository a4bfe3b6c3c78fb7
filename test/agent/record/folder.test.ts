/** Modes and groups of the folder and of what is made in it. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileModeIn } from '../../../agent/model/shared-folder.ts';
import { listRings } from '../../../agent/record/directory.ts';
import { createShared } from '../../../agent/record/folder.ts';
import { readLatest } from '../../../agent/record/reader.ts';
import { createRecorder } from '../../../agent/record/writer.ts';
import { onWindows } from '../../helpers/platform.ts';
import { as, AS_ROOT, NOBODY, record, recorderOptions, temporaryDirectory } from './ring-fixture.ts';

const MODE = 0o7777;
const SHARED_GROUP = 31_337;

const skip = onWindows('file modes');

function modeOf(path: string): string {
  return (statSync(path).mode & MODE).toString(8);
}

/** A folder of this mode, made by somebody else. */
function folderOf(context: TestContext, mode: number, gid?: number): string {
  const parent = temporaryDirectory(context);
  chmodSync(parent, 0o755);
  const folder = join(parent, 'plimsoll');
  mkdirSync(folder);
  if (gid !== undefined) chownSync(folder, -1, gid);
  chmodSync(folder, mode);
  return folder;
}

describe('the mode of a file is what its folder allows', () => {
  for (const [folder, file, why] of [
    [0o700, 0o600, 'private'],
    [0o2770, 0o660, 'a volume with fsGroup'],
    [0o770, 0o660, 'writable by its group'],
    [0o777, 0o666, 'an emptyDir: private to its pod'],
    [0o755, 0o644, 'readable by all'],
    [0o750, 0o640, 'readable by its group'],
    [0o1777, 0o600, '/tmp: shared by strangers'],
    [0o555, 0o644, 'sealed: the owner of a file may always write it'],
  ] as const) {
    test(`${file.toString(8)} in ${folder.toString(8)} (${why})`, () => assert.equal(fileModeIn(folder), file));
  }
});

describe('a folder', { skip }, () => {
  for (const umask of [0o022, 0o077, 0o000]) {
    test(`that Plimsoll makes is for its own user, and its files, under umask ${umask.toString(8).padStart(3, '0')}`, (context) => {
      const directory = join(temporaryDirectory(context), 'a', 'b');
      const before = process.umask(umask);
      context.after(() => process.umask(before));
      const recorder = record(directory);
      assert.deepEqual([modeOf(directory), modeOf(recorder.path)], ['700', '600']);
      recorder.close();
    });
  }

  test('that was there stays as it was, and its files are shared as it is, whatever the umask', (context) => {
    const before = process.umask(0o077);
    context.after(() => process.umask(before));
    for (const [mode, file] of [
      ['755', '644'],
      ['770', '660'],
      ['777', '666'],
      ['1777', '600'],
    ] as const) {
      const directory = folderOf(context, Number.parseInt(mode, 8));
      const recorder = record(directory);
      assert.deepEqual([modeOf(directory), modeOf(recorder.path)], [mode, file]);
      recorder.close();
    }
  });

  test('that is made in a volume keeps the bit by which the volume hands its group on', (context) => {
    const directory = join(folderOf(context, 0o2770), 'own');
    record(directory).close();
    assert.equal(modeOf(directory), '2700');
  });

  test('gives its group to its files', AS_ROOT, (context) => {
    const setgid = record(folderOf(context, 0o2770, SHARED_GROUP));
    const plain = record(folderOf(context, 0o770, SHARED_GROUP));
    for (const recorder of [setgid, plain]) {
      assert.deepEqual([statSync(recorder.path).gid, modeOf(recorder.path)], [SHARED_GROUP, '660']);
      recorder.close();
    }
  });

  test('whose group the user is not in is recorded to all the same, where it lets others write', AS_ROOT, (context) => {
    const directory = folderOf(context, 0o777, SHARED_GROUP);
    const recorder = as(NOBODY, () => record(directory));
    assert.deepEqual([statSync(recorder.path).gid, modeOf(recorder.path)], [NOBODY.gid, '666']);
    recorder.close();
  });

  test('that the user may not write to is one line that says for whom, and how to share it', AS_ROOT, (context) => {
    const directory = folderOf(context, 0o755);
    const result = as(NOBODY, () => createRecorder(recorderOptions(directory)));
    assert.ok(!result.ok);
    assert.match(
      result.trouble.problem.message,
      /EACCES.*; make PLIMSOLL_DIR writable for user 65534: by a group that shares it and mode 2770 \(in Kubernetes: fsGroup\)\. Nothing is recorded\.$/,
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  test('that the reader may not enter is one line that says how to share it', AS_ROOT, (context) => {
    const directory = folderOf(context, 0o700);
    const recorder = record(directory);
    recorder.close();
    const list = as(NOBODY, () => listRings(directory));
    const refused = as(NOBODY, () => readLatest(recorder.path));
    assert.ok(!list.ok && !refused.ok);
    for (const { message } of [list.problem, refused.problem])
      assert.match(message, /EACCES.*; run both as one user, or/);
  });

  test('that goes while a file is made in it leaves none behind', (context) => {
    const directory = temporaryDirectory(context);
    assert.throws(() => createShared(join(directory, 'gone'), join(directory, 'file')), { code: 'ENOENT' });
    assert.deepEqual(readdirSync(directory), []);
  });
});
