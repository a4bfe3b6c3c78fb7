/** An application and a real `plimsoll sidecar` that are not the same user, or do not see the same folder: each works, or says what repairs it. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { startPlimsoll } from '../helpers/run-cli.ts';
import { type RunningNode, startNode } from '../helpers/run-node.ts';
import { as, readOnly, ROOT, type User, whyNoOtherUsers } from '../helpers/users.ts';

const SHARED_GID = 2000;
const ALICE: User = { uid: 1001, gid: 1001 };
const BOB: User = { uid: 1002, gid: 1002 };
const ALICE_OF_THE_POD: User = { ...ALICE, groups: [SHARED_GID] };
const BOB_OF_THE_POD: User = { ...BOB, groups: [SHARED_GID] };

interface Scene {
  readonly app: User;
  readonly sidecar: User;
  readonly folder: { readonly owner: User; readonly mode: number };
  readonly readOnlyTo?: 'app' | 'sidecar';
}

interface Running {
  readonly directory: string;
  readonly app: RunningNode;
  readonly sidecar: RunningNode;
}

async function scene({ app, sidecar, folder, readOnlyTo }: Scene, check: (running: Running) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-users-'));
  chownSync(directory, folder.owner.uid, folder.owner.gid);
  chmodSync(directory, folder.mode); // mkdir's would be narrowed by the umask
  const env = {
    PLIMSOLL_DIR: directory,
    PLIMSOLL_API_LISTEN: '127.0.0.1:0',
    PLIMSOLL_DATA_DIR: undefined,
    OTEL_LOG_LEVEL: 'info',
  };
  // the last of them becomes the program first
  const shellBefore = (who: User, whose: 'app' | 'sidecar'): string =>
    whose === readOnlyTo ? `${as(who)}; ${readOnly(directory)}` : as(who);
  const running = {
    directory,
    sidecar: startPlimsoll(['sidecar'], { env, shellBefore: shellBefore(sidecar, 'sidecar') }),
    app: startNode({ args: ['-e', 'setInterval(() => {}, 1000)'], env, shellBefore: shellBefore(app, 'app') }),
  };
  try {
    await check(running);
  } finally {
    for (const { child } of [running.app, running.sidecar]) child.kill('SIGKILL');
    await Promise.all([running.app.ended, running.sidecar.ended]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** It leaves exporting to the sidecar, and its death is told at once. */
async function watchedToTheEnd({ app, sidecar }: Running): Promise<void> {
  await app.until(/PLM_EXPORTING: metrics are exported by the sidecar/, 'stderr');
  app.child.kill('SIGKILL');
  await sidecar.until(/"event":"plimsoll\.process\.died"/);
}

const SHARE = /run both as one user, or give PLIMSOLL_DIR to a group that both are in, with mode 2770/;

describe('an application and its sidecar', { skip: whyNoOtherUsers(), concurrency: true }, () => {
  test('are one user: it works', async () => {
    await scene({ app: ALICE, sidecar: ALICE, folder: { owner: ALICE, mode: 0o700 } }, watchedToTheEnd);
  });

  test('are two users of one group, as fsGroup makes them: it works', async () => {
    const folder = { owner: { uid: 0, gid: SHARED_GID }, mode: 0o2770 };
    await scene({ app: ALICE_OF_THE_POD, sidecar: BOB_OF_THE_POD, folder }, watchedToTheEnd);
  });

  test('are two users in the emptyDir of a pod without fsGroup: it works', async () => {
    await scene({ app: ALICE, sidecar: BOB, folder: { owner: ROOT, mode: 0o777 } }, watchedToTheEnd);
  });

  test('are a non-root user and root: it works', async () => {
    await scene({ app: ALICE, sidecar: ROOT, folder: { owner: ALICE, mode: 0o700 } }, watchedToTheEnd);
  });

  test('see the folder differently, to the sidecar it is read-only: it works, and nothing is written', async () => {
    const folder = { owner: ALICE, mode: 0o700 };
    await scene({ app: ALICE, sidecar: ALICE, folder, readOnlyTo: 'sidecar' }, async (running) => {
      await watchedToTheEnd(running);
      const files = readdirSync(running.directory).filter((name) => !/\.(?:ring|sock)$/.test(name));
      assert.deepEqual(files, []);
    });
  });

  test('are two users without a group, the folder closed to the sidecar: it says how they share one', async () => {
    await scene({ app: ALICE, sidecar: BOB, folder: { owner: ALICE, mode: 0o700 } }, async ({ sidecar }) => {
      await sidecar.until(new RegExp(`PLM_SIDECAR_FOLDER: .*EACCES.*${SHARE.source}`), 'stderr');
    });
  });

  test('are two users in a folder like /tmp, the file closed to the sidecar: it says how they share one', async () => {
    await scene({ app: ALICE, sidecar: BOB, folder: { owner: ROOT, mode: 0o1777 } }, async ({ sidecar }) => {
      await sidecar.until(new RegExp(`PLM_RING_UNREADABLE: .*EACCES.*${SHARE.source}`), 'stderr');
    });
  });

  test('are root and a user that may read but not ask: the file is followed, and it says how they share one', async () => {
    await scene({ app: ROOT, sidecar: BOB, folder: { owner: ROOT, mode: 0o755 } }, async ({ sidecar }) => {
      await sidecar.until(new RegExp(`PLM_CONTROL_FAILED: .*closed to this user.*${SHARE.source}`), 'stderr');
    });
  });

  test('see the folder differently, to the application it is read-only: it says so, and goes on', async () => {
    const folder = { owner: ALICE, mode: 0o700 };
    await scene({ app: ALICE, sidecar: ALICE, folder, readOnlyTo: 'app' }, async ({ app }) => {
      await app.until(/PLM_RECORD_FAILED: .*EROFS.*mount PLIMSOLL_DIR writable/, 'stderr');
      assert.equal(app.child.exitCode, null);
    });
  });
});
