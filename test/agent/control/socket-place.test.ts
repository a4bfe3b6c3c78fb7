/** Where the control socket is, and who may connect to it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { connectControl } from '../../../agent/control/client.ts';
import { isTooLong } from '../../../agent/control/path.ts';
import { INSTANCE, openRaw, openScene } from '../../helpers/control-scene.ts';
import { onWindows, unlessLinux } from '../../helpers/platform.ts';
import { temporaryFolder } from '../../helpers/run-cli.ts';

// on Node.js 22.15 a test whose only pending work is unref'd ends early
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

describe('the control socket', { skip: onWindows('a folder to put a socket in') }, () => {
  test('has the mode and the group it is given, whatever the umask', async (context) => {
    const before = process.umask();
    try {
      for (const umask of [0o000, 0o022, 0o077]) {
        process.umask(umask);
        for (const mode of [0o600, 0o660, 0o666]) {
          const { path, folder, server } = await openScene(context, { mode });
          assert.equal(statSync(path).mode & 0o7777, mode);
          assert.deepEqual(readdirSync(folder), [`${INSTANCE}.sock`]);
          server.close();
        }
      }
    } finally {
      process.umask(before);
    }
    if (process.getuid?.() === 0) {
      const { path } = await openScene(context, { gid: 4242 });
      assert.equal(statSync(path).gid, 4242);
    }
  });

  test(
    'a folder too deep for a socket has one all the same',
    { skip: unlessLinux('/proc/self/fd') },
    async (context) => {
      const directory = join(temporaryFolder(context), 'deep'.repeat(40));
      mkdirSync(directory);
      const { path, server } = await openScene(context, { directory });
      assert.ok(isTooLong(path, 'linux'));
      const client = await connectControl(path, { watch: false });
      assert.deepEqual(await client.ask('caches', {}), []);
      client.close();
      server.close();
      assert.deepEqual(readdirSync(directory), []);
    },
  );

  test('where the system has no short name for a folder, a link says where the socket is', async (context) => {
    const directory = join(temporaryFolder(context), 'deep'.repeat(40));
    mkdirSync(directory);
    const { path, server } = await openScene(context, { directory, platform: 'darwin' });
    const elsewhere = readlinkSync(path);
    assert.ok(!isTooLong(elsewhere, 'darwin'));
    const { socket, ended } = openRaw(elsewhere);
    socket.end('{"id":1}\n');
    assert.match(await ended, /PLM_CONTROL_UNKNOWN/);
    server.close();
    assert.deepEqual(readdirSync(directory), []);
  });

  test('what cannot be had is a reason, and leaves nothing', async (context) => {
    const folder = temporaryFolder(context);
    await assert.rejects(openScene(context, { directory: join(folder, 'none') }), /ENOENT/);
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(openScene(context, { directory: join(folder, 'file') }), /ENOTDIR/);
    mkdirSync(join(folder, `${INSTANCE}.sock`, 'taken'), { recursive: true });
    await assert.rejects(openScene(context, { directory: folder }), /EISDIR|ENOTEMPTY/);
    assert.deepEqual(readdirSync(folder).toSorted(), [`${INSTANCE}.sock`, 'file']);
  });
});
