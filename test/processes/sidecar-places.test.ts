/** Where a sidecar and its processes may be: a disk that is full, other PID namespaces, other users. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { createMemoryGroup, whyNoMemoryGroups } from '../helpers/memory-group.ts';
import { temporaryFolder } from '../helpers/run-cli.ts';
import { createSidecarScene } from '../helpers/sidecar-scene.ts';
import { mountTmpfs, whyNoTmpfs } from '../helpers/tmpfs.ts';
import { eventually } from '../helpers/watched-app.ts';
import { as, whyNoOtherUsers } from '../helpers/users.ts';
import type { ApiProcess } from '../../agent/sidecar/api/types.ts';

const DIED = 'plimsoll.process.died';
const isWatched = ({ exporter }: ApiProcess): boolean => exporter === 'sidecar';

function whyNoPidNamespace(): false | string {
  const { status } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']);
  return status === 0 ? false : 'needs a PID namespace of its own: root on Linux, unshare of util-linux';
}

describe('sidecar', { concurrency: 4 }, () => {
  test('sees the death of a process in another PID namespace', { skip: whyNoPidNamespace() }, async (context) => {
    const { app, startSidecar, process: member, line, stop } = await createSidecarScene();
    context.after(stop);
    startSidecar();
    const apart = app('apart', { shellBefore: 'set -- unshare --pid --fork --kill-child --mount-proc "$@"' });
    const { pid } = await member('apart', isWatched);
    assert.equal(pid, 1);
    const killedMs = Date.now();
    apart.child.kill('SIGKILL');
    const { ts, attributes } = await line('apart', DIED);
    assert.ok(Date.parse(ts) - killedMs < 2500, ts);
    assert.notEqual(attributes['plimsoll.death.cause'], 'exit');
  });

  test(
    'on a full disk a process is followed by its socket, and its death is told',
    { skip: whyNoTmpfs() },
    async (context) => {
      const disk = mountTmpfs('8m');
      const { app, startSidecar, process: member, line, stop } = await createSidecarScene(disk.folder);
      context.after(async () => {
        await stop();
        disk.unmount();
      });
      startSidecar();
      const [lasting, dying] = [app('lasting'), app('dying')];
      for (const service of ['lasting', 'dying']) await member(service, isWatched);
      assert.throws(() => writeFileSync(join(disk.folder, 'ballast'), Buffer.alloc(2 ** 24)), /ENOSPC/);
      const { sampleMs } = await member('lasting');
      const later = await member('lasting', (each) => (each.sampleMs ?? 0) > (sampleMs ?? 0) + 900);
      assert.equal(later.state, 'live');
      dying.child.kill('SIGKILL');
      await line('dying', DIED);
      lasting.say('worst');
      const [, worst] = await lasting.until(/worst (\d+)\n/);
      assert.ok(Number(worst) < 3000, `${worst} ms`);
    },
  );

  test(
    'a folder, and then a file, that is closed to its user is named with the repair; what is open is watched',
    { skip: whyNoOtherUsers() },
    async (context) => {
      const folder = join(temporaryFolder(context), 'rings');
      mkdirSync(folder);
      chmodSync(join(folder, '..'), 0o755);
      chownSync(folder, 0, 3000);
      chmodSync(folder, 0o2770);
      const { app, startSidecar, process: member, line, stop } = await createSidecarScene(folder);
      context.after(stop);
      app('closed', { shellBefore: as({ uid: 1001, gid: 1001, groups: [3000] }) });
      await eventually(() => assert.ok(readdirSync(folder).some((name) => name.endsWith('.ring'))), 10_000);
      const sidecar = startSidecar({ shellBefore: as({ uid: 2001, gid: 2001 }) });
      await sidecar.until(/PLM_SIDECAR_FOLDER: [^\n]*EACCES[^\n]*fsGroup/, 'stderr');
      chmodSync(folder, 0o2775);
      await sidecar.until(/PLM_RING_UNREADABLE: [^\n]*EACCES[^\n]*fsGroup/, 'stderr');
      app('readable', { shellBefore: as({ uid: 1001, gid: 1001, groups: [3000] }) });
      await sidecar.until(/PLM_CONTROL_FAILED: [^\n]*fsGroup/, 'stderr');
      const { exporter } = await member('readable');
      assert.notEqual(exporter, 'sidecar');
      chmodSync(folder, 0o2777);
      const shared = app('shared', { shellBefore: as({ uid: 1002, gid: 1002 }) });
      await member('shared', isWatched);
      shared.child.kill('SIGKILL');
      await line('shared', DIED);
    },
  );

  const noGroups = whyNoMemoryGroups();
  test('short of memory itself, it says so once and goes on watching', { skip: noGroups ?? false }, async (context) => {
    const group = createMemoryGroup(256 * 2 ** 20);
    const { app, startSidecar, process: member, line, stop } = await createSidecarScene();
    context.after(async () => {
      await stop();
      group.remove();
    });
    // a sidecar that needs a twentieth of its container would not be short of it; one that is told so, is
    const env = { PLIMSOLL_ENTER: '0.01,0.02,0.03', PLIMSOLL_EXIT: '0.001,0.002,0.003' };
    const sidecar = startSidecar({ shellBefore: group.enter, env });
    await sidecar.until(/PLM_SIDECAR_MEMORY: the sidecar is at critical itself [^\n]*\n/, 'stderr');
    const dying = app('dying');
    await member('dying', isWatched);
    dying.child.kill('SIGKILL');
    await line('dying', DIED);
    assert.equal(sidecar.stderr().match(/PLM_SIDECAR_MEMORY/g)?.length, 1);
  });
});
