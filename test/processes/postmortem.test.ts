/** Real processes that die, and real ones that come after them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import type { Postmortem } from '../../agent/model/postmortem.ts';
import { createMemoryGroup, whyNoMemoryGroups } from '../helpers/memory-group.ts';
import { onWindows } from '../helpers/platform.ts';
import { assertUsageError, plimsoll, temporaryFolder, WHEN_SAMPLED } from '../helpers/run-cli.ts';
import { runNode, startNode } from '../helpers/run-node.ts';

/** Old enough for a control socket: who had none is known to be dead only after some silence. */
const GROWN_UP_MS = 400;
const FILL = `${WHEN_SAMPLED} const kept = []; const fill = () => setInterval(() => kept.push(Buffer.alloc(1 << 20, 1)), 5);
  whenSampled(() => setTimeout(fill, ${GROWN_UP_MS}))`;
const DIE = `${WHEN_SAMPLED} whenSampled(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${GROWN_UP_MS}))`;
const LIVE = `setInterval(() => {}, 1000)`;

async function reportIn(directory: string, count: number): Promise<readonly string[]> {
  for (;;) {
    const names = readdirSync(directory).filter((name) => name.endsWith('.death.json'));
    if (names.length >= count) return names.toSorted();
    await wait(10);
  }
}

describe('a death', { concurrency: true, skip: onWindows('signals') }, () => {
  test('is told once by who comes after, as plimsoll postmortem tells it, and the living are not dead', async (context) => {
    const directory = temporaryFolder(context);
    const env = { PLIMSOLL_DIR: directory, PLIMSOLL_DATA_DIR: directory, OTEL_SERVICE_NAME: 'checkout' };
    const dead = await runNode({ args: ['-e', DIE], env });
    assert.equal(dead.signal, 'SIGKILL', dead.report);
    const ring = readdirSync(directory).find((name) => name.endsWith('.ring')) ?? '';

    // before anybody told it, it is worked out, and nothing is claimed
    const worked = await plimsoll(['postmortem', '--json'], { env });
    const postmortem = JSON.parse(worked.stdout) as Postmortem;
    assert.deepEqual([worked.code, postmortem.foundBy, `${postmortem.instance}.ring`], [0, 'command', ring]);
    assert.ok(!readdirSync(directory).some((name) => name.endsWith('.death.json')));

    const successors = [LIVE, LIVE].map((program) => startNode({ args: ['-e', program], env }));
    assert.deepEqual(await reportIn(directory, 1), [ring.replace('.ring', '.death.json')]);
    await Promise.race(successors.map((each) => each.until(/died/, 'stderr')));
    const [told, living, missing] = await Promise.all([
      plimsoll(['postmortem'], { env }),
      plimsoll(['postmortem', '--pid', String(successors[0]?.child.pid)], { env }),
      plimsoll(['postmortem', '--instance', '2026'], { env: { ...env, PLIMSOLL_DIR: temporaryFolder(context) } }),
    ]);
    for (const { child } of successors) child.kill('SIGTERM');
    const said = (await Promise.all(successors.map((each) => each.ended))).map(({ stderr }) => stderr).join('');
    const lines = said.split('\n').filter((line) => line.includes('died'));
    assert.equal(lines.length, 1, said);
    assert.match(
      lines[0] ?? '',
      /^\[plimsoll\] checkout died: it was ended from outside \(killed, inferred, \d+ % sure\): /,
    );
    assert.match(
      told.stdout,
      /^checkout died: it was ended from outside \(killed, inferred, .*\nrecording: \S+\.ring\n$/s,
    );
    assert.deepEqual([living.code, missing.code], [1, 1]);
    assert.match(living.stderr, /^\[plimsoll\] PLM_POSTMORTEM_MISSING: \S+ is of a process that lives/);
    assert.match(missing.stderr, /^\[plimsoll\] PLM_POSTMORTEM_MISSING: /);
    assert.match(
      readFileSync(join(directory, 'deaths.json'), 'utf8'),
      /"cause":"killed","evidence":"inferred","count":1/,
    );
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.untold')).length, 1, 'they were young');
  });

  test(
    'by the kernel is seen by who comes after in the same group',
    { skip: whyNoMemoryGroups() ?? false },
    async (context) => {
      const directory = temporaryFolder(context);
      const env = { PLIMSOLL_DIR: directory, PLIMSOLL_DATA_DIR: directory };
      const group = createMemoryGroup(128 * 2 ** 20);
      context.after(() => group.remove());
      const dead = await runNode({ args: ['-e', FILL], env, shellBefore: group.enter });
      assert.equal(dead.signal, 'SIGKILL', dead.report);
      const successor = startNode({ args: ['-e', LIVE], env, shellBefore: group.enter });
      const [name = ''] = await reportIn(directory, 1);
      successor.child.kill('SIGKILL');
      await successor.ended;
      const { cause, evidence, because } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Postmortem;
      assert.deepEqual([cause, evidence], ['kernel_oom', 'observed'], because.join('\n'));
    },
  );

  test('is not made up: what is asked for must be there', async (context) => {
    const file = join(temporaryFolder(context), 'x.ring');
    writeFileSync(file, 'x');
    const [damaged, twice, odd] = await Promise.all([
      plimsoll(['postmortem', '--file', file]),
      plimsoll(['postmortem', '--file', file, '--pid', '1']),
      plimsoll(['postmortem', '--pid', 'one']),
    ]);
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /PLM_RING_UNREADABLE/);
    assertUsageError(twice, /exclude each other/);
    assertUsageError(odd, /--pid is "one", must be a number/);
  });
});
