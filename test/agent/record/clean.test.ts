/** What may go of a folder of ring files, what stays, and when there is no room for one more. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { COLUMNS } from '../../../agent/model/row.ts';
import { admitRing } from '../../../agent/record/admit.ts';
import { cleanRings, deadBytesOf } from '../../../agent/record/clean.ts';
import { createInstanceId } from '../../../agent/record/instance-id.ts';
import { surveyRings, type RingFate } from '../../../agent/record/survey.ts';
import { mountTmpfs, whyNoTmpfs } from '../../helpers/tmpfs.ts';
import { onWindows, unlessLinux } from '../../helpers/platform.ts';
import { as, AS_ROOT, NOBODY, record, START_WALL_MS, temporaryDirectory } from './ring-fixture.ts';

const MINUTE_MS = 60_000;
const MIB = 2 ** 20;
/** Some of these files are large. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const NOW_MS = START_WALL_MS + 100_000 * MINUTE_MS;
const ROOM = { skip: onWindows('blocks of a file') };

interface Left {
  /** Start, and so age among the others. */
  readonly number: number;
  readonly end?: number;
  readonly isReported?: boolean;
  readonly idleMs?: number;
  /** What it takes of the disk. */
  readonly mebibytes?: number;
}

/** A real ring file as a process left it; its bytes behind the note are there to weigh something. */
function leave(directory: string, { number, end, isReported = false, idleMs = 0, mebibytes = 0 }: Left): string {
  const id = createInstanceId(START_WALL_MS + number);
  const recorder = record(directory, { createId: () => id, columns: ['level'], capacity: 4 });
  recorder.write(Float64Array.of(0));
  if (end === undefined) recorder.close();
  else recorder.end(end, START_WALL_MS);
  const bytes = readFileSync(recorder.path);
  if (mebibytes > 0)
    writeFileSync(recorder.path, Buffer.concat([bytes, Buffer.alloc(mebibytes * MIB - bytes.length, 1)]));
  utimesSync(recorder.path, (NOW_MS - idleMs) / 1000, (NOW_MS - idleMs) / 1000);
  writeFileSync(join(directory, `${id}.sock`), '');
  if (isReported) writeFileSync(join(directory, `${id}.death.json`), '{}');
  return id;
}

function ringsIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.ring'))
    .map((name) => name.slice(0, -'.ring'.length))
    .toSorted();
}

function fates(directory: string): readonly RingFate[] {
  return surveyRings(directory, NOW_MS).rings.map(({ fate }) => fate);
}

describe('a survey', () => {
  test('tells whose process lives, whose ended, and whose death nobody explained', (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    leave(directory, { number: 1 });
    leave(directory, { number: 2, idleMs: MINUTE_MS });
    leave(directory, { number: 3, idleMs: 3 * MINUTE_MS });
    leave(directory, { number: 4, end: 0 });
    leave(directory, { number: 5, end: 1 });
    leave(directory, { number: 6, end: Number.NaN });
    leave(directory, { number: 7, isReported: true });
    assert.deepEqual(fates(directory), ['live', 'live', 'unexplained', 'clean', 'unexplained', 'clean', 'reported']);
  });

  test('takes what is no ring file, damaged or closed to it for what its age says', (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    const write = (number: number, content: string | Buffer, idleMs: number): void => {
      const path = join(directory, `${createInstanceId(START_WALL_MS + number)}.ring`);
      writeFileSync(path, content);
      utimesSync(path, (NOW_MS - idleMs) / 1000, (NOW_MS - idleMs) / 1000);
    };
    write(1, '', 0);
    write(2, 'PLIMSOUL', 3 * MINUTE_MS);
    write(3, Buffer.from('PLIMSOLL\0\0\0\0\xff\xff\xff\xff', 'latin1'), 0);
    mkdirSync(join(directory, `${createInstanceId(START_WALL_MS + 4)}.ring`));
    writeFileSync(join(directory, 'x.ring'), '');
    assert.deepEqual(fates(directory), ['live', 'unexplained', 'live']);
  });

  test('takes what it may not read for what its age says', AS_ROOT, (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    const id = leave(directory, { number: 1, end: 0 });
    chmodSync(directory, 0o755);
    chmodSync(join(directory, `${id}.ring`), 0o600);
    assert.deepEqual(
      as(NOBODY, () => fates(directory)),
      ['live'],
    );
    assert.deepEqual(fates(directory), ['clean']);
  });

  test('of a file system that has no size has room', { skip: unlessLinux('/proc') }, () => {
    assert.equal(surveyRings('/proc', NOW_MS).freeBytes, Infinity);
  });

  test('of a folder that is not there is empty', (context) => {
    const { rings, reports, freeBytes } = surveyRings(join(temporaryDirectory(context, MEMORY), 'missing'), NOW_MS);
    assert.deepEqual([rings, reports, freeBytes], [[], [], Infinity]);
  });
});

describe('cleaning', () => {
  test('deletes nothing where there is room, but the sockets of processes that are known to have ended', (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    const live = leave(directory, { number: 1 });
    const ended = leave(directory, { number: 2, end: 0 });
    const reported = leave(directory, { number: 3, isReported: true });
    const unexplained = leave(directory, { number: 4, idleMs: 60 * MINUTE_MS });
    cleanRings(directory, NOW_MS);
    assert.deepEqual(ringsIn(directory), [live, ended, reported, unexplained]);
    const sockets = [live, ended, reported, unexplained].map((id) => existsSync(join(directory, `${id}.sock`)));
    assert.deepEqual(sockets, [true, false, false, true]);
  });

  test(
    'deletes clean ends first, then reported deaths, then old ones that nobody explained, the oldest first',
    ROOM,
    (context) => {
      const directory = temporaryDirectory(context, MEMORY);
      const live = leave(directory, { number: 1, mebibytes: 2 });
      const old = leave(directory, { number: 2, idleMs: 11 * MINUTE_MS, mebibytes: 3 });
      const older = leave(directory, { number: 3, isReported: true, mebibytes: 2 });
      const newer = leave(directory, { number: 4, isReported: true, mebibytes: 2 });
      const ended = leave(directory, { number: 5, end: 0, mebibytes: 2 });
      cleanRings(directory, NOW_MS);
      assert.deepEqual(ringsIn(directory), [live, old, newer].toSorted());
      assert.ok(!existsSync(join(directory, `${ended}.sock`)));
      assert.ok(existsSync(join(directory, `${older}.death.json`)), 'what was found out stays');

      leave(directory, { number: 6, idleMs: 9 * MINUTE_MS, mebibytes: 3 });
      const survey = cleanRings(directory, NOW_MS);
      assert.equal(ringsIn(directory).includes(old), true, 'reported ones go before it');
      assert.equal(ringsIn(directory).includes(newer), false);
      assert.equal(deadBytesOf(survey), 6 * MIB);
      leave(directory, { number: 7, end: 3, mebibytes: 2 });
      cleanRings(directory, NOW_MS);
      assert.equal(ringsIn(directory).includes(old), false);
    },
  );

  test('never deletes a live one, nor one of the last ten minutes that nobody explained', ROOM, (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    const ids = [
      leave(directory, { number: 1, mebibytes: 9 }),
      leave(directory, { number: 2, idleMs: 9 * MINUTE_MS, mebibytes: 9 }),
      leave(directory, { number: 3, end: 1, mebibytes: 9 }),
    ];
    cleanRings(directory, NOW_MS);
    assert.deepEqual(ringsIn(directory), ids);
  });

  test('keeps the newest reports of ring files that are gone, and every report of one that is there', (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    const held = leave(directory, { number: 1, isReported: true });
    const ids = Array.from({ length: 40 }, (_, index) => createInstanceId(START_WALL_MS + 2 + index));
    for (const id of ids) writeFileSync(join(directory, `${id}.death.json`), '{}');
    const { reports } = cleanRings(directory, NOW_MS);
    assert.deepEqual(reports, [held, ...ids.slice(-32)]);
    const files = readdirSync(directory).filter((name) => name.endsWith('.death.json'));
    assert.deepEqual(
      files.toSorted(),
      reports.map((id) => `${id}.death.json`),
    );
  });

  test('leaves what it may not delete', AS_ROOT, (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    chmodSync(directory, 0o755);
    const ids = [1, 2].map((number) => leave(directory, { number, end: 0, mebibytes: 5 }));
    const { rings } = as(NOBODY, () => cleanRings(directory, NOW_MS));
    assert.deepEqual([rings.length, ringsIn(directory)], [2, ids]);
    assert.equal(as(NOBODY, () => admitRing(directory, COLUMNS.length, NOW_MS)).ok, false);
  });
});

describe('one more ring file', () => {
  test('is of 1024 records in an empty folder, and in one that is not there yet', (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    for (const folder of [directory, join(directory, 'missing')]) {
      assert.deepEqual(admitRing(folder, COLUMNS.length, NOW_MS), { ok: true, capacity: 1024 });
    }
  });

  test(
    'is shorter the more there are: twenty processes have room in 16 MiB, beside 8 MiB of dead ones',
    ROOM,
    (context) => {
      for (const deadMebibytes of [0, 7]) {
        const directory = temporaryDirectory(context, MEMORY);
        if (deadMebibytes > 0) leave(directory, { number: 1, idleMs: MINUTE_MS * 5, mebibytes: deadMebibytes });
        const capacities: number[] = [];
        let bytes = deadMebibytes * MIB;
        for (let count = 0; count < 20; count++) {
          const admission = admitRing(directory, COLUMNS.length, Date.now());
          assert.ok(admission.ok);
          capacities.push(admission.capacity);
          const recorder = record(directory, { capacity: admission.capacity });
          bytes += readFileSync(recorder.path).length;
          recorder.close();
        }
        assert.ok(bytes < 15.5 * MIB, `${bytes / MIB} MiB`);
        assert.ok(Math.min(...capacities) >= 128, capacities.join());
        assert.deepEqual(
          capacities,
          capacities.toSorted((a, b) => b - a),
        );
      }
    },
  );

  test('is refused with what repairs it when dead ones hold 8 MiB', ROOM, (context) => {
    const directory = temporaryDirectory(context, MEMORY);
    for (const number of [1, 2]) leave(directory, { number, idleMs: 5 * MINUTE_MS, mebibytes: 4 });
    const admission = admitRing(directory, COLUMNS.length, NOW_MS);
    assert.ok(!admission.ok);
    assert.match(
      admission.trouble.problem.message,
      /: ring files of processes that ended hold 8\.0 MiB, must be under 8\.0 MiB; read them with `plimsoll postmortem`, .*\. Nothing is recorded\.$/,
    );
    assert.deepEqual(admitRing(directory, COLUMNS.length, NOW_MS + 6 * MINUTE_MS).ok, true);
  });

  test('is refused where a folder is none', (context) => {
    const file = join(temporaryDirectory(context, MEMORY), 'file');
    writeFileSync(file, '');
    const admission = admitRing(file, COLUMNS.length, NOW_MS);
    assert.ok(!admission.ok);
    assert.match(admission.trouble.problem.message, /file: ENOTDIR/);
  });

  describe('on a disk of 4 MiB', { skip: whyNoTmpfs() }, () => {
    function disk(context: TestContext): string {
      const { folder, unmount } = mountTmpfs('4m');
      context.after(unmount);
      return folder;
    }

    test('is shorter where little is left', (context) => {
      const admission = admitRing(disk(context), COLUMNS.length, NOW_MS);
      assert.ok(admission.ok);
      assert.ok(admission.capacity > 128 && admission.capacity < 400, String(admission.capacity));
    });

    test('is refused where less than 1 MiB is left', (context) => {
      const folder = disk(context);
      writeFileSync(join(folder, 'filler'), Buffer.alloc(3.2 * MIB));
      const admission = admitRing(folder, COLUMNS.length, NOW_MS);
      assert.ok(!admission.ok);
      assert.match(admission.trouble.problem.message, /: 0\.8 MiB are left, must be 1\.0 MiB or more; make room/);
      truncateSync(join(folder, 'filler'), MIB);
      assert.equal(admitRing(folder, COLUMNS.length, NOW_MS).ok, true);
    });

    test('takes the place of one that nobody needs any more', (context) => {
      const folder = disk(context);
      const ended = leave(folder, { number: 1, end: 0, mebibytes: 3 });
      writeFileSync(join(folder, 'filler'), Buffer.alloc(0.5 * MIB));
      assert.equal(admitRing(folder, COLUMNS.length, NOW_MS).ok, true);
      assert.equal(ringsIn(folder).includes(ended), false);
    });
  });
});
