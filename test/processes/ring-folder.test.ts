/**
 * One folder, several users: whoever writes a recording and whoever reads it, with what they share and what they do not; and what becomes of an
 * application whose folder is full, sealed, missing or deleted. Real processes with the built agent; the reader takes the user's place.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listRings } from '../../agent/record/directory.ts';
import { followRing } from '../../agent/record/follow.ts';
import { readLatest } from '../../agent/record/reader.ts';
import { as } from '../agent/record/ring-fixture.ts';
import { temporaryFolder, WHEN_SAMPLED } from '../helpers/run-cli.ts';
import { AGENT, startNode, type RunningNode } from '../helpers/run-node.ts';
import { mountTmpfs, whyNoTmpfs, type Tmpfs } from '../helpers/tmpfs.ts';

type User = { readonly uid: number; readonly gid: number };

const ROOT: User = { uid: 0, gid: 0 };
const ALICE: User = { uid: 21_001, gid: 21_001 };
const BOB: User = { uid: 21_002, gid: 21_002 };
const TEAM = 21_500;
const inTeam = ({ uid }: User): User => ({ uid, gid: TEAM });

/** Says what the agent has to do without, once a line comes in, and ends well. */
const PROGRAM = `${WHEN_SAMPLED}
  const timer = setInterval(() => {}, 1000);
  whenSampled(({ recording }) => console.log('sampled', recording));
  process.stdin.once('data', () => {
    console.log('degraded', JSON.stringify(agent().status().degraded.filter(({ reason }) => reason === 'record_failed')));
    clearInterval(timer);
    process.stdin.unref();
  });`;

function start(directory: string, user: User): RunningNode {
  const env = { PLIMSOLL_DIR: directory, PLIMSOLL_EXPORTER: 'none', PLIMSOLL_DATA_DIR: undefined };
  return startNode({ args: ['-e', PROGRAM], env, user, timeoutMs: 30_000 });
}

/** Of an application that was not touched by what its agent has to do without: its one line on stderr, what it says, how it ended. */
async function troubleOf(running: RunningNode): Promise<string> {
  running.child.stdin.end('\n');
  const { stdout, stderr, code, report } = await running.ended;
  assert.equal(code, 0, report);
  const [line = '', ...others] = stderr.split('\n').filter((each) => each.includes('PLM_RECORD_FAILED'));
  assert.deepEqual(others, [], report);
  const degraded = JSON.parse(/degraded (.*)/.exec(stdout)?.[1] ?? '[]') as readonly { readonly repair: string }[];
  assert.equal(degraded.length, line === '' ? 0 : 1, report);
  assert.ok(line.includes(degraded[0]?.repair ?? ''), report);
  return line;
}

describe('a folder of ring files', { concurrency: 2, skip: whyNoTmpfs() }, () => {
  describe('of several users', () => {
    const started: RunningNode[] = [];
    const folders: Record<string, string> = {};
    // before the folder goes
    after(async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      execFileSync('umount', [folders['sealed'] ?? '']);
    });
    const parent = temporaryFolder({ after });

    /** As an administrator, or the kubelet, made it. */
    function folder(name: string, owner: User, mode: number): string {
      const path = join(parent, name);
      mkdirSync(path);
      chownSync(path, owner.uid, owner.gid);
      chmodSync(path, mode);
      return path;
    }

    function write(path: string, user: User): RunningNode {
      const running = start(path, user);
      started.push(running);
      return running;
    }

    /** What the reader has of the folder's only recording; else why not. */
    function read(path: string, user: User): string {
      return as(user, () => {
        const list = listRings(path);
        if (!list.ok) return list.problem.message;
        const [ring] = list.rings;
        assert.ok(ring, `${path} holds no recording`);
        const latest = readLatest(ring.path);
        if (!latest.ok) return latest.problem.message;
        const follower = followRing(ring.path);
        assert.ok(follower.ok);
        const [row] = follower.reading.poll().rows;
        follower.reading.close();
        assert.ok(row && latest.reading.record && latest.reading.note);
        return 'read';
      });
    }

    const writers: Record<string, RunningNode> = {};

    before(async () => {
      chmodSync(parent, 0o755);
      folders['own'] = folder('own', ALICE, 0o700);
      folders['team'] = folder('team', { uid: 0, gid: TEAM }, 0o2770);
      folders['pod'] = folder('pod', ROOT, 0o777);
      folders['root'] = folder('root', ROOT, 0o755);
      folders['made'] = join(folder('home', ALICE, 0o755), 'plimsoll');
      folders['sealed'] = folder('sealed', ROOT, 0o755);
      execFileSync('mount', ['--bind', folders['team'], folders['sealed']]);
      execFileSync('mount', ['-o', 'remount,bind,ro', folders['sealed']]);
      writers['own'] = write(folders['own'], ALICE);
      writers['team'] = write(folders['team'], inTeam(ALICE));
      writers['pod'] = write(folders['pod'], ALICE);
      writers['root'] = write(folders['root'], ROOT);
      writers['made'] = write(folders['made'], ALICE);
      writers['strange'] = write(folders['root'], ALICE);
      writers['sealed'] = write(folders['sealed'], inTeam(BOB));
      await Promise.all(started.map((running) => running.until(/sampled/)));
    });

    test('two containers, whose processes are both number 1, have a ring file each', async () => {
      const path = folder('containers', ROOT, 0o777);
      const alone = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, '-r', AGENT, '-e', PROGRAM];
      const env = { PLIMSOLL_DIR: path, PLIMSOLL_EXPORTER: 'none' };
      const containers = [1, 2].map(() => startNode({ node: 'unshare', preload: 'none', args: alone, env }));
      started.push(...containers);
      await Promise.all(containers.map((running) => running.until(/sampled/)));
      const list = listRings(path);
      assert.ok(list.ok);
      const pids = list.rings.map((ring) => {
        const latest = readLatest(ring.path);
        assert.ok(latest.ok && latest.reading.record);
        assert.equal(latest.reading.header.identity.serviceInstanceId, ring.instanceId);
        return latest.reading.header.identity.pid;
      });
      assert.deepEqual(pids, [1, 1]);
    });

    for (const [what, where, reader] of [
      ['the same user reads in a private folder', 'own', ALICE],
      ['root reads in a private folder of another user', 'own', ROOT],
      ['another user of the group reads in a folder of that group', 'team', inTeam(BOB)],
      ['another user without a shared group reads in an emptyDir', 'pod', BOB],
      ['who is not root reads what root wrote', 'root', ALICE],
      ['another user of the group reads through a read-only mount', 'sealed', inTeam(BOB)],
    ] as const) {
      test(what, () => assert.equal(read(folders[where] ?? '', reader), 'read'));
    }

    for (const [what, where] of [
      ['in a folder of a group that it is not in', 'team'],
      ['in a folder that another user’s agent made', 'made'],
    ] as const) {
      test(`who may not read ${what} is told how to share it`, () => {
        assert.match(
          read(folders[where] ?? '', BOB),
          /EACCES.*; run both as one user, or give PLIMSOLL_DIR to a group that both are in, with mode 2770 \(in Kubernetes: fsGroup\)\.$/,
        );
      });
    }

    test('who may not write there is told for whom to open it, and who may, records without a word', async () => {
      const { strange, sealed, own, team } = writers;
      assert.ok(strange && sealed && own && team);
      const [closed, readOnly, ...none] = await Promise.all([strange, sealed, own, team].map(troubleOf));
      assert.match(
        closed ?? '',
        /EACCES: .*; make PLIMSOLL_DIR writable for user 21001: .*fsGroup\)\. Nothing is recorded/,
      );
      assert.match(readOnly ?? '', /EROFS: .*; mount PLIMSOLL_DIR writable\. Nothing is recorded/);
      assert.deepEqual(none, ['', '']);
    });
  });

  describe('leaves the application alone, and its agent says one line, where it', () => {
    let disk: Tmpfs;
    let full: RunningNode;
    let fills: RunningNode;
    let missing: RunningNode;
    let deleted: RunningNode;
    const directory = temporaryFolder({ after });

    before(async () => {
      disk = mountTmpfs('1500k');
      mkdirSync(join(directory, 'deleted'));
      writeFileSync(join(directory, 'file'), '');
      fills = start(disk.folder, ROOT);
      deleted = start(join(directory, 'deleted'), ROOT);
      missing = start(join(directory, 'file', 'missing'), ROOT);
      await Promise.all([fills, deleted, missing].map((each) => each.until(/sampled/)));
      rmSync(join(directory, 'deleted'), { recursive: true });
      assert.throws(() => writeFileSync(join(disk.folder, 'filler'), Buffer.alloc(2 ** 21)), { code: 'ENOSPC' });
      full = start(disk.folder, ROOT);
      await full.until(/sampled/);
    });
    after(async () => {
      for (const { child } of [full, fills, missing, deleted]) child.kill('SIGKILL');
      await Promise.all([full, fills, missing, deleted].map(({ ended }) => ended));
      disk.unmount();
    });

    test('has no room for another recording', async () => {
      assert.match(await troubleOf(full), /MiB are left, must be 1\.0 MiB or more; make room in PLIMSOLL_DIR\./);
    });

    test('becomes full while it is recorded to; what was written stays', async () => {
      await fills.until(/PLM_RECORD_FAILED/, 'stderr');
      const ring = readdirSync(disk.folder).find((name) => name.endsWith('.ring'));
      const latest = readLatest(join(disk.folder, ring ?? ''));
      assert.ok(latest.ok && latest.reading.record);
      assert.match(
        await troubleOf(fills),
        /(ENOSPC|could be written).*; make room in PLIMSOLL_DIR: a process needs 2 MB, and 1 MiB stays free\./,
      );
    });

    test('cannot be made', async () => {
      assert.match(await troubleOf(missing), /file\/missing: ENOTDIR: .*PLIMSOLL_DIR must be a folder/);
    });

    test('is deleted', async () => {
      await deleted.until(/PLM_RECORD_FAILED/, 'stderr');
      assert.match(await troubleOf(deleted), /ENOENT: .*; make the folder that PLIMSOLL_DIR names again\./);
      assert.deepEqual(readdirSync(directory), ['file']);
    });
  });
});
