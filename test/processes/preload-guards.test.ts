/** Which processes get an agent, and what it never does to them: real programs under a real Node.js with the built preload. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { onWindows, unlessLinux } from '../helpers/platform.ts';
import { AGENT, runNode, type RunOptions, type RunResult, startNode } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/guards', import.meta.url));
/** Mostly waiting processes: three at a time are no load for two cores. */
const CONCURRENCY = 3;

const app = (name: string): string => join(APPS, name);
const json = (result: RunResult): unknown => JSON.parse(result.stdout);

let scratch = '';
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'plimsoll-guards-'));
});
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function folder(name: string): string {
  const path = join(scratch, name.replaceAll(/\W+/g, '-'));
  mkdirSync(path, { recursive: true });
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

describe('there is one agent in a process', { concurrency: CONCURRENCY }, () => {
  const one = { handle: true, exitListeners: 1 };
  const none = { handle: false, exitListeners: 0 };
  const copy = (): string => {
    const path = join(folder('another copy'), 'register.cjs');
    copyFileSync(AGENT, path);
    return path;
  };
  const cases: readonly { name: string; expected: typeof one; readonly options: () => RunOptions }[] = [
    { name: 'preloaded once', expected: one, options: () => ({ args: [app('agents.cjs')] }) },
    { name: '-r twice', expected: one, options: () => ({ args: ['-r', AGENT, app('agents.cjs')] }) },
    { name: '-r and --import', expected: one, options: () => ({ args: ['--import', AGENT, app('agents.cjs')] }) },
    {
      name: 'NODE_OPTIONS and -r',
      expected: one,
      options: () => ({ preload: 'node-options', args: ['-r', AGENT, app('agents.cjs')] }),
    },
    { name: 'two copies of the package', expected: one, options: () => ({ args: ['-r', copy(), app('agents.cjs')] }) },
    {
      name: 'Electron',
      expected: none,
      options: () => ({ preload: 'none', args: ['-r', app('pretend-electron.cjs'), '-r', AGENT, app('agents.cjs')] }),
    },
    {
      name: 'Bun',
      expected: none,
      options: () => ({ preload: 'none', args: ['-r', app('pretend-bun.cjs'), '-r', AGENT, app('agents.cjs')] }),
    },
    {
      name: 'Deno',
      expected: none,
      options: () => ({ preload: 'none', args: ['-r', app('pretend-deno.cjs'), '-r', AGENT, app('agents.cjs')] }),
    },
    ...[
      'npm-cli.js',
      'npx-cli.js',
      'npm',
      'npx',
      'yarn',
      'yarn.js',
      'yarn.cjs',
      'pnpm',
      'pnpm.cjs',
      'pnpx',
      'corepack',
      'corepack.js',
    ].map((file) => ({
      name: file,
      expected: none,
      options: () => ({ preload: 'node-options' as const, args: [launcher(file)] }),
    })),
    ...['my-npm.cjs', 'yarn-report.cjs', 'npm.service.cjs'].map((file) => ({
      name: `an application called ${file}`,
      expected: one,
      options: () => ({ preload: 'node-options' as const, args: [launcher(file)] }),
    })),
  ];
  for (const { name, expected, options } of cases) {
    test(`${name}: ${expected.handle ? 'one' : 'none'}`, async () => {
      const result = await runNode(options());
      assert.equal(result.stderr, '', result.report);
      assert.deepEqual(json(result), expected, result.report);
    });
  }

  /** A program under a package manager's name. */
  function launcher(file: string): string {
    const path = join(folder('launchers'), file);
    rmSync(path, { force: true });
    if (/\.c?js$/.test(file)) writeFileSync(path, `require(${JSON.stringify(app('agents.cjs'))})`);
    else symlinkSync(app('agents.cjs'), path);
    return path;
  }
});

describe('worker threads never start an agent', { concurrency: CONCURRENCY }, () => {
  for (const preload of ['require', 'import', 'node-options'] as const) {
    for (const way of ['plain', 'without execArgv', 'without environment', 'nested', 'twelve at once']) {
      test(`${preload}, ${way}`, async () => {
        const result = await runNode({ preload, args: [app('workers.cjs'), way] });
        assert.equal(result.stderr, '', result.report);
        assert.deepEqual(json(result), { workers: way === 'twelve at once' ? 12 : 1, withAgent: 0 }, result.report);
      });
    }
  }
});

describe('children', { concurrency: CONCURRENCY }, () => {
  for (const preload of ['require', 'node-options'] as const) {
    test(`a forked process has an agent of its own (${preload})`, async () => {
      const result = await runNode({ preload, args: [app('fork.cjs')] });
      assert.deepEqual(json(result), { parent: true, child: true, code: 0 }, result.report);
      assert.equal(result.stderr, '', result.report);
    });
  }

  test('cluster workers that find the port taken join who has it, in silence', async () => {
    const listening = `127.0.0.1:${await freePort()}`;
    const result = await runNode({ args: [app('cluster.cjs')], env: { PLIMSOLL_LISTEN: listening } });
    const endpoint = `http://${listening}/metrics`;
    const worker = { agent: true, listening: endpoint, answered: 200 };
    assert.deepEqual(json(result), { primary: { listening: endpoint }, workers: [worker, worker] }, result.report);
    assert.deepEqual([result.code, result.stderr], [0, ''], result.report);
  });

  test('a cluster whose agents listen on ports of their own is silent', async () => {
    const result = await runNode({ args: [app('cluster.cjs')] });
    assert.equal(result.stderr, '', result.report);
    const told = json(result) as { workers: { listening: string | null }[] };
    assert.equal(new Set(told.workers.map(({ listening }) => listening)).size, 2, result.report);
  });
});

describe('the agent never keeps a process', { concurrency: CONCURRENCY }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
    test(`${signal} kills it as it always did`, { skip: onWindows('signals') }, async () => {
      const service = startNode({ args: [app('service.cjs')] });
      await service.until(/listening \S*\d/);
      service.child.kill(signal);
      const result = await service.ended;
      assert.deepEqual([result.code, result.signal], [null, signal], result.report);
      assert.equal(result.stderr, '', result.report);
    });
  }

  test('it ends by itself although a scraper holds a connection open', async () => {
    const service = startNode({ args: [app('service.cjs')] });
    const port = Number((await service.until(/listening \S*:(\d+)/))[1]);
    const scraper = connect({ port, host: '127.0.0.1' });
    scraper.on('error', () => {}); // reset by the end of the process
    await new Promise<void>((resolve) => {
      scraper.once('data', () => resolve());
      scraper.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    service.child.stdin.end();
    const result = await service.ended;
    scraper.destroy();
    assert.deepEqual([result.code, result.timedOut], [0, false], result.report);
  });
});

describe('what a process leaves in PLIMSOLL_DIR', { concurrency: CONCURRENCY }, () => {
  const untilRecorded = `require(${JSON.stringify(app('when-agent-works.cjs'))})((status) => { console.log(status.recording !== undefined);`;
  const cases = [
    { name: 'nothing, when it was short and ended well', ending: '});', code: 0, files: 0 },
    { name: 'nothing, when it called exit(0)', ending: 'process.exit(0) });', code: 0, files: 0 },
    { name: 'its recording, when it ended with an error', ending: 'process.exit(7) });', code: 7, files: 1 },
    { name: 'its recording, when it threw', ending: 'throw 1 });', code: 1, files: 1 },
    {
      name: 'its recording, when it was killed',
      ending: 'process.kill(process.pid, "SIGKILL") });',
      code: null,
      files: 1,
      skip: onWindows('signals'),
    },
  ];
  for (const { name, ending, code, files, skip = false } of cases) {
    test(name, { skip }, async () => {
      const PLIMSOLL_DIR = folder(name);
      const result = await runNode({
        args: ['-e', untilRecorded + ending],
        env: { PLIMSOLL_DIR, PLIMSOLL_EXPORTER: 'none' },
      });
      assert.equal(result.stdout, 'true\n', result.report);
      assert.equal(result.code, code, result.report);
      const left = readdirSync(PLIMSOLL_DIR);
      assert.equal(left.length, files, `${left.join(' ')}\n${result.report}`);
    });
  }

  for (const [name, path, skip] of [
    ['it is read-only', '/sys/kernel', unlessLinux('/sys')],
    ['it cannot exist', '/proc/nowhere/plimsoll', unlessLinux('/proc')],
    ['it is a file', fileURLToPath(import.meta.url), false],
  ] as const) {
    test(`one coded line when ${name}`, { skip }, async () => {
      const result = await runNode({ args: [app('warnings.cjs')], env: { PLIMSOLL_DIR: path } });
      assert.equal(result.stdout, 'done\n', result.report);
      assert.equal(result.code, 0, result.report);
      assert.match(result.stderr, /^\[plimsoll\] PLM_RECORD_FAILED: [^\n]+\n$/, result.report);
    });
  }
});
