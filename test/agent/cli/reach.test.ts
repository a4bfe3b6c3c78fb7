/** Who may not ask a process is told who may; who asks for nobody is told so. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';

import { askEach, type Selection } from '../../../agent/cli/reach.ts';
import { connectIn } from '../../helpers/control.ts';
import { temporaryFolder } from '../../helpers/run-cli.ts';
import { startNode } from '../../helpers/run-node.ts';

const NOBODY = 65_534;
const ALL: Selection = { instance: undefined, pid: undefined };
const skip = process.getuid?.() === 0 ? false : 'needs root, to be somebody else for a moment';

test(
  'a socket of another user is one line that says whose it is; a process that is not there is another',
  { skip },
  async (context) => {
    const folder = temporaryFolder(context);
    chmodSync(folder, 0o755);
    const app = startNode({ args: ['-e', 'process.stdin.resume()'], env: { PLIMSOLL_DIR: folder } });
    const client = await connectIn(folder, false);
    const { instance } = client.hello;
    client.close();

    const ask = (selection: Selection = ALL) =>
      askEach(folder, selection, Date.now(), (asked) => asked.ask('caches', {}));
    assert.deepEqual((await ask({ ...ALL, instance: instance.slice(0, -3) }))[0]?.answer, []);
    await assert.rejects(ask({ ...ALL, pid: '999999' }), { message: /^no live process of that name records in / });
    await assert.rejects(ask({ ...ALL, pid: 'one' }), { message: '--pid is "one", must be a process id.' });
    await assert.rejects(
      askEach(undefined, ALL, 0, () => Promise.resolve()),
      { message: /--dir/ },
    );

    process.seteuid?.(NOBODY);
    const [refused] = await ask().finally(() => process.seteuid?.(0));
    assert.equal(refused?.answer, undefined);
    assert.equal(refused?.problem?.code, 'PLM_CONTROL_FAILED');
    assert.match(refused?.problem?.message ?? '', /EACCES.*it takes user 0: run this as one of them/);
    app.child.stdin.end();
    await app.ended;
  },
);
