/**
 * The agent never harms its host: a program preloaded with it ends and speaks as it does without it. Each case runs a real
 * program twice, with the built preload and without, and compares both outputs byte by byte, the exit code and the signal.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { onWindows, unlessLinux } from '../helpers/platform.ts';
import { AGENT, runNode, type RunOptions } from '../helpers/run-node.ts';

const APPS = fileURLToPath(new URL('../fixtures/apps/guards', import.meta.url));
/** Mostly waiting processes: three at a time are no load for two cores. */
const CONCURRENCY = 3;

const app = (name: string): string => join(APPS, name);

const PLIMSOLL_DIR = mkdtempSync(join(tmpdir(), 'plimsoll-unharmed-'));
after(() => {
  rmSync(PLIMSOLL_DIR, { recursive: true, force: true });
});

/** How many descriptors Node.js itself needs differs between platforms. */
function whySkipped({ shellBefore = '' }: Partial<RunOptions>): string | false {
  if (shellBefore.startsWith('ulimit -n')) return unlessLinux('as few file descriptors');
  return shellBefore === '' ? false : onWindows('/bin/sh');
}

/**
 * Without what differs between any two runs: durations, pids, addresses, the place in Node that calls exit listeners, and the
 * frames that Node 22 adds where a timer of somebody else was due in the same turn.
 */
function comparable(text: string): string {
  return text
    .replaceAll(/^ +at runNextTicks .*\n +at process\.processTimers .*\n/gm, '')
    .replaceAll(/\d+\.\d+/g, 'N')
    .replaceAll(/\(node:\d+\)/g, '(node)')
    .replaceAll(/node:events:\d+:\d+/g, 'node:events')
    .replace(/----- Native stack trace -----[\s\S]*/, '');
}

describe('a program behaves with the agent as it does without', { concurrency: CONCURRENCY }, () => {
  const cases: readonly ({ readonly name: string } & RunOptions)[] = [
    { name: 'CommonJS entry', args: [app('hello.cjs'), 'argument'] },
    { name: 'module entry', args: [app('hello.mjs'), 'argument'] },
    { name: 'module entry, --import', preload: 'import', args: [app('hello.mjs')] },
    { name: 'CommonJS entry, --import', preload: 'import', args: [app('hello.cjs')] },
    { name: 'CommonJS entry, NODE_OPTIONS', preload: 'node-options', args: [app('hello.cjs')] },
    { name: 'TypeScript entry', args: ['--no-warnings', app('hello.ts')] },
    { name: '-e', args: ['-e', 'console.log(1, process.argv.length)'] },
    { name: '-p', args: ['-p', 'require("node:os").EOL.length'] },
    { name: '-e as a module', args: ['--input-type=module', '-e', 'console.log(await Promise.resolve(2))'] },
    { name: 'script on stdin', args: ['-'], stdin: 'console.log("from stdin", __filename)' },
    { name: 'REPL', args: ['-i'], stdin: '1 + 1\nObject.keys(globalThis)\n.exit\n' },
    { name: '--test', args: ['--test', '--test-reporter=tap', app('some.test.mjs')] },
    {
      name: '--test in one process',
      args: ['--test', '--test-isolation=none', '--test-reporter=tap', app('some.test.mjs')],
    },
    { name: '--check', args: ['--check', app('hello.cjs')] },
    { name: 'nothing to do', args: ['-e', ''] },
    { name: 'exit in the first turn', args: ['-e', 'console.log("bye"); process.exit(3)'] },
    { name: 'exitCode', args: ['-e', 'process.exitCode = 4; setTimeout(() => {}, 300)'] },
    { name: 'exit while the agent works', args: ['-e', 'setTimeout(() => process.exit(5), 500)'] },
    { name: 'exception in the first turn', args: ['-e', 'throw new Error("first turn")'] },
    { name: 'uncaught exception', args: [app('throws.cjs')] },
    { name: 'unhandled rejection', args: [app('rejects.mjs')] },
    {
      name: 'a handler of uncaught exceptions',
      args: [
        '-e',
        'process.on("uncaughtException", (e) => console.log(e.message)); setTimeout(() => { throw new Error("caught") }, 300)',
      ],
    },
    { name: 'abort', args: ['-e', 'process.abort()'], shellBefore: 'ulimit -c 0' },
    { name: 'missing entry', args: [app('no-such-file.cjs')] },
    { name: 'exception in an exit listener', args: ['-e', 'process.on("exit", () => { throw new Error("late") })'] },
    {
      name: 'no listener but one for new workers, no global, variable, inotify instance or OpenTelemetry registration of ours',
      args: [app('traces.cjs')],
      env: { PLIMSOLL_DIR },
    },
    {
      name: 'a worker thread over its memory limit',
      args: [app('worker-over-limit.cjs')],
      env: { OTEL_LOG_LEVEL: 'none' }, // the agent warns of it
    },
    {
      name: 'worker threads that end by themselves, by terminate() and with the process',
      args: [app('worker-ends.cjs')],
    },
    { name: 'no warning', args: [app('warnings.cjs')] },
    { name: 'no warning beside ten exit listeners', args: [app('ten-exit-listeners.cjs')] },
    { name: 'deprecations that throw', args: ['--throw-deprecation', '--pending-deprecation', app('warnings.cjs')] },
    { name: 'no code from strings', args: ['--disallow-code-generation-from-strings', app('warnings.cjs')] },
    { name: '__proto__ that throws', args: ['--disable-proto=throw', app('warnings.cjs')] },
    { name: 'source maps', args: ['--enable-source-maps', app('throws.cjs')] },
    { name: 'no require(esm)', args: ['--no-experimental-require-module', app('warnings.cjs')] },
    // the agent holds a dozen and a half
    { name: 'room for 48 file descriptors', shellBefore: 'ulimit -n 48', args: [app('warnings.cjs')] },
  ];
  for (const { name, ...options } of cases) {
    test(name, { skip: whySkipped(options) }, async () => {
      const plain = await runNode({ ...options, preload: 'none' });
      const preloaded = await runNode(options);
      const told = `${preloaded.report}\nwithout the agent\n${plain.report}`;
      assert.equal(preloaded.timedOut, false, told);
      assert.equal(withoutOwn(comparable(preloaded.stdout)), comparable(plain.stdout), told);
      assert.equal(comparable(preloaded.stderr), comparable(plain.stderr), told);
      assert.deepEqual([preloaded.code, preloaded.signal], [plain.code, plain.signal], told);
    });
  }

  /**
   * The handle is meant to be found. The one listener is no harm: Node.js emits `worker` whether anybody listens or not and does
   * nothing else with it, so unlike a listener of a signal or of an uncaught exception it takes no default behaviour away.
   */
  function withoutOwn(text: string): string {
    return text.replaceAll(',"Symbol(plimsoll.agent.v1)"', '').replace('"worker":1', '"worker":0');
  }
});

describe('a program that leaves the agent nothing to work with is unharmed', () => {
  const cases: readonly ({ readonly name: string } & RunOptions)[] = [
    { name: 'no file descriptor left', shellBefore: 'ulimit -n 24', args: [app('hello-later.cjs')] },
    {
      name: 'no right to read files',
      args: [
        '--permission',
        `--allow-fs-read=${dirname(AGENT)}/*`,
        `--allow-fs-read=${APPS}/*`,
        app('hello-later.cjs'),
      ],
    },
  ];
  for (const { name, ...options } of cases) {
    test(name, { skip: whySkipped(options) }, async () => {
      const result = await runNode(options);
      assert.equal(result.stdout, 'hello\n', result.report);
      assert.equal(result.code, 0, result.report);
      for (const line of result.stderr.split('\n').filter((text) => text !== '')) {
        assert.match(line, /^\[plimsoll\] PLM_(READING_UNAVAILABLE|LISTEN_FAILED): /, result.report);
      }
    });
  }
});
