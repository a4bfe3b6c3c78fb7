/** What real processes leave in /dev/termination-log. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { temporaryFolder, WHEN_SAMPLED } from '../helpers/run-cli.ts';
import { runNode } from '../helpers/run-node.ts';

/** A /dev of its own, with this file as its termination log: that of the machine is not touched. */
const OWN_DEV = `
  mkdir "$1/dev" && mount -t tmpfs tmpfs "$1/dev" && for file in null zero urandom; do
    touch "$1/dev/$file" && mount --bind "/dev/$file" "$1/dev/$file"; done && touch "$1/dev/termination-log" && mount --bind "$1/log" "$1/dev/termination-log" && mount --move "$1/dev" /dev && shift && exec "$@"`;
/** Climbs to high, and does then what it is told. */
const CLIMB = `${WHEN_SAMPLED} const fs = require('fs'); const kept = [];
  whenSampled(() => { const climbing = setInterval(() => {
    if (agent().status().assessment.level < 2) return void kept.push(Buffer.alloc(4e6, 1));
    if (fs.readFileSync('/dev/termination-log', 'utf8') === '') return;
    clearInterval(climbing);
    if (process.argv[1] === 'dies') process.kill(process.pid, 'SIGKILL');
    if (process.argv[1] === 'ends') process.exit(0);
    if (process.argv[1] === 'speaks') { fs.writeFileSync('/dev/termination-log', 'out of cheese'); setTimeout(() => process.exit(3), 1200); }
  }, 10); })`;

describe('/dev/termination-log', { concurrency: true, skip: whyNoOwnDev() }, () => {
  async function leftBy(context: Parameters<typeof temporaryFolder>[0], what: string): Promise<string> {
    const folder = temporaryFolder(context);
    const log = join(folder, 'log');
    writeFileSync(log, '');
    const env = { PLIMSOLL_PROCESS_BUDGET: '120MiB', OTEL_LOG_LEVEL: 'none', OTEL_SERVICE_NAME: 'checkout' };
    const shellBefore = `set -- unshare -m sh -c '${OWN_DEV.replaceAll('\n', ' ')}' sh ${folder} "$@"`;
    const { signal, code, report } = await runNode({ args: ['-e', CLIMB, what], env, shellBefore });
    assert.deepEqual([signal, code], what === 'dies' ? ['SIGKILL', null] : [null, what === 'ends' ? 0 : 3], report);
    return readFileSync(log, 'utf8');
  }

  test('holds a verdict after a death near a limit', async (context) => {
    assert.match(
      await leftBy(context, 'dies'),
      /^plimsoll: checkout \(main\) was at level (high|critical) at \S+: budget at [89]\d.* likely cause\.$/,
    );
  });

  test('is empty again after a good end', async (context) => {
    assert.equal(await leftBy(context, 'ends'), '');
  });

  test('keeps what the application wrote', async (context) => {
    assert.equal(await leftBy(context, 'speaks'), 'out of cheese');
  });
});

function whyNoOwnDev(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to have a /dev of its own';
  const { status } = spawnSync('unshare', ['-m', 'true']);
  return status === 0 ? false : 'unshare of util-linux is missing, or may not make a mount namespace here';
}
