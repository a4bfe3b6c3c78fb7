/** `plimsoll doctor` on this machine, in real containers, and beside other processes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { ensureNode } from '../../scripts/nodes.ts';
import { createMemoryGroup, whyNoMemoryGroups } from '../helpers/memory-group.ts';
import { onWindows } from '../helpers/platform.ts';
import { assertPlain, plimsoll, temporaryFolder, WHEN_SAMPLED, type CliOptions } from '../helpers/run-cli.ts';
import { startNode } from '../helpers/run-node.ts';

const MIB = 2 ** 20;
/** Keys that programs may rely on; docs/cli.md lists them. */
const KEYS = [
  'fits',
  'node',
  'heap',
  'cgroup',
  'limits',
  'fit',
  'psi',
  'listener',
  'directory',
  'problems',
  'degraded',
  'processes',
  'findings',
];

interface Document {
  readonly fits: boolean;
  readonly node: { readonly supported: boolean };
  readonly limits: Readonly<Record<string, number | null>>;
  readonly fit: {
    readonly ceiling: string;
    readonly fits: boolean;
    readonly limitBytes: number;
    readonly oldBytes: number;
    readonly nodeOptions: string;
  };
  readonly listener: { readonly state: string };
  readonly problems: readonly { readonly code: string }[];
  readonly degraded: readonly { readonly repair: string }[];
  readonly processes: readonly {
    readonly pid: number;
    readonly heapFlags: readonly string[];
    readonly limits: object;
    readonly fit: { readonly oldBytes: number };
  }[];
  readonly findings: readonly { readonly state: string; readonly topic: string; readonly repair: string | null }[];
}

async function examine(
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ code: number | null; document: Document }> {
  const result = await plimsoll(['doctor', '--json', ...args], options);
  assert.equal(result.stderr, '', result.report);
  return { code: result.code, document: JSON.parse(result.stdout) as Document };
}

describe('doctor', { concurrency: 2 }, () => {
  test('says a line for each thing it looked at, and the repair below it', async () => {
    const result = await plimsoll(['doctor', '--strict', '--image-limit', '256Mi']);
    assert.equal(result.code, 1, result.report);
    assert.match(result.stdout, /^ok {8}node: Node\.js \d+/m);
    assert.match(
      result.stdout,
      /^misfit {4}fit: the heap does not fit: old 256 MiB \+ young \d MiB \+ 64 MiB [^\n]*\n {10}repair: set NODE_OPTIONS=--max-old-space-size=\d+, or raise the limit$/m,
    );
    for (const topic of ['heap', 'cgroup', 'limits', 'psi', 'listener', 'directory', 'configuration']) {
      assert.match(result.stdout, new RegExp(`^(ok|info) +${topic}: `, 'm'), topic);
    }
    assertPlain(result);
  });

  test('a misfit is no failure without --strict', async () => {
    const { code, document } = await examine(['--image-limit', '256Mi']);
    assert.deepEqual([code, document.fits, document.fit.ceiling], [0, false, 'image-limit']);
    assert.deepEqual(Object.keys(document).toSorted(), KEYS.toSorted());
    const fitting = await examine(['--image-limit', '256Mi', '--strict'], {
      env: { NODE_OPTIONS: document.fit.nodeOptions },
    });
    assert.deepEqual([fitting.code, fitting.document.fits], [0, true]);
  });

  const noGroups = whyNoMemoryGroups();
  test(
    'finds the limit of a real container, and names a flag that really fits it',
    { skip: noGroups ?? false },
    async (context) => {
      const group = createMemoryGroup(256 * MIB);
      context.after(() => group.remove());
      const { code, document } = await examine(['--strict'], { shellBefore: group.enter });
      assert.equal(code, 1);
      assert.equal(document.limits['containerBytes'], 256 * MIB);
      assert.deepEqual(
        [document.fit.ceiling, document.fit.limitBytes, document.fit.oldBytes],
        ['container', 256 * MIB, 256 * MIB],
      );
      const { nodeOptions } = document.fit;
      const fitting = await examine(['--strict'], { shellBefore: group.enter, env: { NODE_OPTIONS: nodeOptions } });
      assert.equal(fitting.code, 0);
      assert.equal(`--max-old-space-size=${fitting.document.fit.oldBytes / MIB}`, nodeOptions);
    },
  );

  test('gathers every problem of the configuration', { skip: onWindows('/dev/null') }, async (context) => {
    const env = {
      PLIMSOLL_MODE: 'loud',
      PLIMSOLL_SAMPEL_INTERVAL: '1s',
      OTEL_RESOURCE_ATTRIBUTES: 'nonsense',
      PLIMSOLL_DIR: '/dev/null/rings',
    };
    const { code, document } = await examine(['--strict'], { env, cwd: temporaryFolder(context) });
    assert.equal(code, 1);
    assert.deepEqual(
      document.problems.map((each) => each.code),
      ['PLM_OPTION_UNKNOWN', 'PLM_OPTION_INVALID', 'PLM_OPTION_INVALID'],
    );
    const directory = document.findings.find(({ topic }) => topic === 'directory');
    assert.equal(directory?.state, 'misfit');
  });

  test('every degraded reading has a repair', async () => {
    const { document } = await examine([]);
    for (const { repair } of document.degraded) assert.ok(repair.length > 3);
    const told = document.findings.filter(({ state }) => state === 'degraded');
    assert.ok(told.every(({ repair }) => repair !== null));
  });

  test('tells nobody on the port from somebody else on it', async (context) => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    context.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal((await examine(['--listen', `127.0.0.1:${port}`])).document.listener.state, 'foreign');
    assert.equal((await examine(['--listen', '127.0.0.1:1'])).document.listener.state, 'nothing');
  });

  test('reports a live process through its recording, and the agent that answers', async (context) => {
    const directory = join(temporaryFolder(context), 'rings');
    const program = `${WHEN_SAMPLED} setInterval(() => {}, 1000); setInterval(() => {
      const { available, listening } = agent().status();
      if (available && listening) console.log('listening', listening);
    }, 10)`;
    const args = ['--max-old-space-size=100', '-e', program];
    const running = startNode({ args, env: { PLIMSOLL_DIR: directory, OTEL_SERVICE_NAME: 'neighbour' } });
    context.after(() => running.child.kill('SIGKILL'));
    const [, url = ''] = await running.until(/listening (\S+)/);
    const { document } = await examine(['--dir', directory, '--listen', new URL(url).host]);
    assert.equal(document.listener.state, 'answers');
    assert.equal(document.processes.length, 1);
    const [neighbour] = document.processes;
    assert.equal(neighbour?.pid, running.child.pid);
    assert.deepEqual(neighbour?.heapFlags, ['--max-old-space-size=100']);
    assert.equal(neighbour?.fit.oldBytes, 100 * MIB);
    assert.deepEqual(neighbour?.limits, document.limits);
    assert.ok(document.findings.some(({ topic }) => topic === `process neighbour (pid ${running.child.pid})`));
  });

  test('runs on a Node.js that is too old for the agent, and says so', async (context) => {
    let node = '';
    try {
      node = ensureNode('20');
    } catch (error) {
      context.skip(`Node.js 20 cannot be had: ${(error as Error).message}`);
      return;
    }
    const { code, document } = await examine(['--strict'], { node });
    assert.deepEqual([code, document.node.supported], [1, false]);
  });
});
